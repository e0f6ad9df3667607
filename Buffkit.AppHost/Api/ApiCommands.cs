using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.AppHost;

/// <summary>The API's commands in the dashboard.</summary>
internal static class ApiCommands
{
    private const string TestTopic = "test";

    public static IResourceBuilder<ProjectResource> WithApiCommands(this IResourceBuilder<ProjectResource> api, string endpoint) =>
        api
            .WithHttpCommand("/events", "Publish a test event", endpoint, "publish-test-event", new HttpCommandOptions
            {
                Description = $"Publishes an event on the topic {TestTopic}; see it with curl -N '.../events?topic={TestTopic}'.",
                IconName = "Send",
                IsHighlighted = true,
                Method = HttpMethod.Post,
                ResultMode = HttpCommandResultMode.Json,
                PrepareRequest = context =>
                {
                    context.Request.Content = JsonContent.Create(
                        new { topic = TestTopic, type = "test.published", data = new { from = "dashboard", at = DateTimeOffset.UtcNow } });
                    return Task.CompletedTask;
                },
            })
            .WithCommand("drain", "Drain", DrainAsync, new CommandOptions
            {
                Description = "Does to this replica what a deployment does: its clients are told to leave and go on elsewhere, it ends, and starts again.",
                ConfirmationMessage = "Drain and restart this replica? Its clients reconnect, spread over some seconds.",
                IconName = "ArrowSync",
                UpdateState = context => context.ResourceSnapshot.State?.Text == KnownResourceStates.Running
                    ? ResourceCommandState.Enabled
                    : ResourceCommandState.Disabled,
            });

    /// <summary>
    /// By the signal that every orchestrator sends, not by an endpoint: nobody outside can drain a server, and what is
    /// tried here is what happens in production.
    /// </summary>
    private static async Task<ExecuteCommandResult> DrainAsync(ExecuteCommandContext context)
    {
        var commands = context.Services.GetRequiredService<ResourceCommandService>();
        var notifications = context.Services.GetRequiredService<ResourceNotificationService>();

        var stopped = await commands.ExecuteCommandAsync(
            context.ResourceName, KnownResourceCommands.StopCommand, context.CancellationToken);
        if (!stopped.Success)
        {
            return stopped;
        }

        await foreach (var change in notifications.WatchAsync(context.CancellationToken))
        {
            if (change.ResourceId == context.ResourceName
                && KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text))
            {
                break;
            }
        }

        return await commands.ExecuteCommandAsync(
            context.ResourceName, KnownResourceCommands.StartCommand, context.CancellationToken);
    }
}

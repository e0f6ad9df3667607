using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Hosting;

/// <summary>The commands of a service with event streams, in the dashboard.</summary>
internal static class EventStreamCommands
{
    private const string TestTopic = "test";

    /// <summary>The host gives its services 30 seconds; a machine at work with much else takes its time.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromMinutes(1);

    public static IResourceBuilder<ProjectResource> WithEventStreamCommands(this IResourceBuilder<ProjectResource> api, string endpoint, string path) =>
        api
            .WithHttpCommand(path, "Publish a test event", endpoint, "publish-test-event", new HttpCommandOptions
            {
                Description = $"Publishes an event on the topic {TestTopic}; see it with curl -N '...{path}?topic={TestTopic}'.",
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

        // It may give up before a replica with many clients has ended, which is no failure; that nothing ends is one.
        await commands.ExecuteCommandAsync(context.ResourceName, KnownResourceCommands.StopCommand, context.CancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(EndPatience);
        try
        {
            await notifications.WatchAsync(patience.Token).FirstAsync(
                change => change.ResourceId == context.ResourceName
                    && KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text),
                patience.Token);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            return CommandResults.Failure($"{context.ResourceName} has not ended within {EndPatience.TotalSeconds:0} seconds; see its log.");
        }

        return await commands.ExecuteCommandAsync(
            context.ResourceName, KnownResourceCommands.StartCommand, context.CancellationToken);
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace Buffkit.Hosting;

/// <summary>Where each replica listens, for health and links of its own.</summary>
/// <remarks>
/// They share one address, behind which requests go to each in turn: asked there, a sick replica is found now and then only, and
/// a link leads to any of them.
/// </remarks>
internal sealed class Replicas(ProjectResource project, ResourceNotificationService notifications, string[] ownLinks) : BackgroundService
{
    private const string AddressVariable = "ASPNETCORE_URLS";

    private readonly ConcurrentDictionary<string, Uri?> _addresses = new(StringComparer.Ordinal);

    /// <summary>The replicas that were started, in the order of their names, each with its address while it runs.</summary>
    public KeyValuePair<string, Uri?>[] Started => [.. _addresses.OrderBy(replica => replica.Key, StringComparer.Ordinal)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var change in notifications.WatchAsync(stoppingToken))
            {
                if (change.Resource == project && AddressOf(change.Snapshot) is { } address)
                {
                    var isRunning = change.Snapshot.State?.Text == KnownResourceStates.Running;
                    _addresses[change.ResourceId] = isRunning ? address : null;
                    await LinkAsync(change, address);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the host.
        }
    }

    /// <summary>Lets the links whose pages differ from replica to replica lead to this one. Each change of state undoes it.</summary>
    private async Task LinkAsync(ResourceEvent change, Uri address)
    {
        if (Link(change.Snapshot.Urls).SequenceEqual(change.Snapshot.Urls))
        {
            return;
        }

        await notifications.PublishUpdateAsync(
            project, change.ResourceId, snapshot => snapshot with { Urls = [.. Link(snapshot.Urls)] });

        IEnumerable<UrlSnapshot> Link(IEnumerable<UrlSnapshot> urls) =>
            urls.Select(url => ownLinks.Contains(url.DisplayProperties.DisplayName)
                ? url with { Url = new Uri(address, new Uri(url.Url).PathAndQuery).ToString() }
                : url);
    }

    private static Uri? AddressOf(CustomResourceSnapshot replica) =>
        replica.EnvironmentVariables.FirstOrDefault(variable => variable.Name == AddressVariable)?.Value is { } urls
        && Uri.TryCreate(urls.Split(';')[0], UriKind.Absolute, out var address)
            ? address
            : null;
}

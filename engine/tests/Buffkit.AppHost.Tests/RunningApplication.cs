using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.AppHost.Tests;

/// <summary>
/// The app model as <c>dotnet run</c> starts it, dashboard included, but for the data volumes and the lifetime of the
/// containers: every run begins empty and leaves nothing.
/// </summary>
/// <remarks>Tests of both applications are one collection, so that one of them runs at a time.</remarks>
public abstract class RunningApplication(params string[] arguments) : IAsyncLifetime
{
    /// <summary>The first start of a machine pulls three images.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    private DistributedApplication? _application;

    public DistributedApplicationModel Model => Get<DistributedApplicationModel>();

    private ResourceNotificationService Notifications => Get<ResourceNotificationService>();

    public virtual async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Buffkit_AppHost>(
            arguments, (options, _) => options.DisableDashboard = false, cancellation);
        foreach (var container in builder.Resources.OfType<ContainerResource>())
        {
            builder.CreateResourceBuilder(container).WithLifetime(ContainerLifetime.Session);
            foreach (var volume in container.Annotations.OfType<ContainerMountAnnotation>().ToList())
            {
                container.Annotations.Remove(volume);
            }
        }

        _application = await builder.BuildAsync(cancellation);
        await _application.StartAsync(cancellation).WaitAsync(Patience, cancellation);
        await HealthyAsync("api");
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            await _application.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>The address by which a browser reaches the resource; with replicas, any of them.</summary>
    public Uri Address(string resource) => _application!.GetEndpoint(resource, "http");

    /// <summary>Runs a command of the dashboard, on all replicas of a resource or on one by its own name.</summary>
    public Task<ExecuteCommandResult> RunAsync(string resource, string command) =>
        Get<ResourceCommandService>().ExecuteCommandAsync(resource, command, TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);

    public Task HealthyAsync(string resource) =>
        Notifications.WaitForResourceHealthyAsync(resource, TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);

    /// <summary>Waits until the resource, or the replica of that name, is in a state that fits.</summary>
    public async Task<CustomResourceSnapshot> WhenAsync(string resource, Func<CustomResourceSnapshot, bool> fits)
    {
        var change = await Notifications
            .WaitForResourceAsync(Name(resource), change => Matches(change, resource) && fits(change.Snapshot), TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TestContext.Current.CancellationToken);
        return change.Snapshot;

        static bool Matches(ResourceEvent change, string resource) =>
            change.Resource.Name == resource || change.ResourceId == resource;
    }

    /// <summary>The names of both replicas of the API, with the address that each of them listens on itself.</summary>
    public async Task<Dictionary<string, Uri>> ReplicasAsync()
    {
        var replicas = new Dictionary<string, Uri>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        await foreach (var change in Notifications.WatchAsync(patience.Token))
        {
            var urls = change.Snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == "ASPNETCORE_URLS")?.Value;
            if (change.Resource.Name == "api" && change.Snapshot.State?.Text == KnownResourceStates.Running && urls is not null)
            {
                replicas[change.ResourceId] = new Uri(urls);
            }

            if (replicas.Count == 2)
            {
                break;
            }
        }

        return replicas;
    }

    /// <summary>The health of one part of the API as <c>/health</c> has it, once it is as expected.</summary>
    /// <param name="address">Where to ask: a restarted replica has another address, so it is looked up each time.</param>
    /// <param name="part">Such as <c>redis</c>.</param>
    /// <param name="healthy">Which health to wait for.</param>
    public static async Task PartAsync(Func<Task<Uri>> address, string part, bool healthy)
    {
        using var client = new HttpClient();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var timer = new PeriodicTimer(Look);
        while (await timer.WaitForNextTickAsync(patience.Token))
        {
            try
            {
                var response = await client.GetAsync(new Uri(await address(), "/health"), patience.Token);
                var health = await response.Content.ReadFromJsonAsync<JsonElement>(patience.Token);
                if (health.GetProperty("parts").GetProperty(part).GetProperty("status").ValueEquals("Healthy") == healthy)
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                // Not listening yet.
            }
        }
    }

    private string Name(string resource) =>
        Model.Resources.Select(candidate => candidate.Name)
            .Where(name => resource == name || resource.StartsWith($"{name}-", StringComparison.Ordinal))
            .OrderByDescending(name => name.Length)
            .First();

    private T Get<T>()
        where T : notnull => _application!.Services.GetRequiredService<T>();
}

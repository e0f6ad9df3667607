using Buffkit.Client;

namespace Buffkit.Benchmarks;

/// <summary>One system under test: its nodes behind a load balancer, its database, and Redis where there are several nodes.</summary>
internal sealed class ChaosSystem : IAsyncDisposable
{
    private const int NodesOnRedis = 2;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    // Small, so that each round crosses what is large in production: tails that forget, leases that end, streams that are rotated. The log
    // holds what comes while the history cannot be written (ChaosPublisher), so that no gap is right for that reason; it forgets within a few rounds.
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["Logging__LogLevel__Microsoft.AspNetCore"] = "Warning",
        ["Logging__LogLevel__Buffkit.Streams.ConnectionRunner"] = "Warning",
        ["Streams__Heartbeat"] = "00:00:01",
        ["Streams__Retry__Min"] = "00:00:00.05",
        ["Streams__Retry__Max"] = "00:00:00.3",
        ["Streams__Tail__Capacity"] = "64",
        ["Streams__Log__MaxEvents"] = "2048",
        ["Streams__Delivery__MaxAge"] = "00:00:10",
        ["Streams__Drain__Spread"] = "00:00:00.2",
        ["Streams__Drain__Timeout"] = "00:00:01",
        ["Streams__History__Lease"] = "00:00:01",
        ["Streams__Outbox__Lease"] = "00:00:01",
        ["Streams__Redis__Timeout"] = "00:00:01",
        // All clients are at one address and are cut all the time.
        ["Streams__Limits__Breaker__Failures"] = "0",
        ["Streams__Limits__ConnectionsPerAddress"] = "0",
        ["Streams__Limits__ConnectsPerMinute"] = "0",
        ["Streams__Limits__ConnectsPerMinutePerAddress"] = "0",
        ["Streams__Limits__PublishesPerSecond"] = "0",
        ["Streams__Limits__PublishesPerSecondPerAddress"] = "0",
        ["RequestLimits__ReadsPerMinute"] = "0",
        ["RequestLimits__WritesPerMinute"] = "0",
        ["RequestLimits__ReadsPerMinutePerAddress"] = "0",
        ["RequestLimits__WritesPerMinutePerAddress"] = "0",
    };

    private ChaosSystem(string name, DirectoryInfo folder, ChaosRedis? redis, ChaosDatabase database, IReadOnlyList<ChaosNode> nodes, int seed)
    {
        (Name, Folder, Redis, Database, Nodes) = (name, folder, redis, database, nodes);
        Proxy = new ChaosProxy([.. nodes.Select(node => node.EndPoint)], seed);
    }

    public string Name { get; }

    /// <summary>Where its nodes' logs and files are.</summary>
    public DirectoryInfo Folder { get; }

    /// <summary>Of all systems with several nodes, not of this one alone.</summary>
    public ChaosRedis? Redis { get; }

    public ChaosDatabase Database { get; }

    public IReadOnlyList<ChaosNode> Nodes { get; }

    public ChaosProxy Proxy { get; }

    /// <summary>Those who have been there since the beginning, one or two for each transport.</summary>
    public List<ChaosClient> Clients { get; } = [];

    /// <summary>The last rounds, the newest last: where those begin who come later.</summary>
    public Queue<ChaosPast> Past { get; } = new();

    /// <summary>The last order of the round before.</summary>
    public long LastOrder { get; set; }

    /// <summary>Migrates its database, starts its nodes and opens its first clients.</summary>
    /// <param name="name">How reports call it.</param>
    /// <param name="folder">A folder of its own.</param>
    /// <param name="redis">Where there are several nodes.</param>
    /// <param name="database">An empty one; nothing for a file in the folder.</param>
    /// <param name="seed">What its network draws by.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<ChaosSystem> StartAsync(
        string name, DirectoryInfo folder, ChaosRedis? redis, ChaosDatabase? database, int seed, CancellationToken cancellationToken)
    {
        var content = folder.CreateSubdirectory("content").FullName;
        var settings = new Dictionary<string, string>(Settings);
        var data = database ?? ChaosDatabase.Sqlite(content);
        settings["Database__Provider"] = data.Provider;
        if (data.IsServer)
            settings["ConnectionStrings__appdb"] = data.ConnectionString;
        if (redis is not null)
        {
            settings["ConnectionStrings__redis"] = redis.ConnectionString;
            settings["Streams__Redis__KeyPrefix"] = $"chaos-{Guid.NewGuid():N}";
        }

        await data.MigrateAsync(cancellationToken);
        var system = new ChaosSystem(
            name,
            folder,
            redis,
            data,
            [.. Enumerable.Range(0, redis is null ? 1 : NodesOnRedis).Select(n => new ChaosNode($"node-{n}", folder, content, settings))],
            seed);
        foreach (var node in system.Nodes)
            await node.StartAsync(cancellationToken);
        await system.SettleAsync(cancellationToken);
        foreach (var transport in Enum.GetValues<EventStreamTransport>())
            system.Clients.Add(new ChaosClient($"{name}-{transport}", system.Proxy.Address, transport, after: null));
        foreach (var client in system.Clients)
            await client.OpenedAsync(cancellationToken);
        return system;
    }

    /// <summary>Waits until every node is well.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        foreach (var node in Nodes)
        {
            while (!await node.IsHealthyAsync(cancellationToken))
                await Task.Delay(Look, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in Clients)
            await client.DisposeAsync();
        await Proxy.DisposeAsync();
        foreach (var node in Nodes)
            await node.DisposeAsync();
        if (!Database.IsServer)
            await Database.DisposeAsync();
    }
}

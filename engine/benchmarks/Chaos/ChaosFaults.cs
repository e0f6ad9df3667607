namespace Buffkit.Benchmarks;

/// <summary>All faults.</summary>
internal static class ChaosFaults
{
    public static IReadOnlyList<ChaosFault> All { get; } =
    [
        Network("cuts all", CutAllAsync),
        Network("swallows", (system, random, stop) => MoodAsync(system, ProxyMood.Swallows, random, stop)),
        Network("cuts anywhere", (system, random, stop) => MoodAsync(system, ProxyMood.Cuts, random, stop)),
        Network("dribbles", (system, random, stop) => MoodAsync(system, ProxyMood.Dribbles, random, stop)),
        Network("babbles", (system, random, stop) => MoodAsync(system, ProxyMood.Babbles, random, stop)),
        Node("killed", KillNodeAsync),
        Node("halted", HaltNodeAsync),
        Node("rolled", RollAsync),
        Node("clock jumps", JumpClockAsync),
        Redis("killed", KillRedisAsync),
        Redis("halted", HaltRedisAsync),
        Redis("cuts clients", (system, _, stop) => system.Redis!.CutClientsAsync(stop)),
        Redis("full", FillRedisAsync),
        Redis("hands over", (system, _, stop) => system.Redis!.HandOverAsync(stop)),
        Redis("fails over", (system, random, stop) => FailOverAsync(system, random, isBehind: false, stop), mayLose: true),
        Redis("fails over, behind", (system, random, stop) => FailOverAsync(system, random, isBehind: true, stop), mayLose: true),
        new("database: halted", ChaosTarget.Database, MayLose: false, _ => true, HaltDatabaseAsync),
        new("database: killed", ChaosTarget.Database, MayLose: false, system => system.Database.IsServer, KillDatabaseAsync),
    ];

    private static ChaosFault Network(string name, Func<ChaosSystem, Random, CancellationToken, Task> run) =>
        new($"network: {name}", ChaosTarget.Network, MayLose: false, _ => true, run);

    private static ChaosFault Node(string name, Func<ChaosSystem, Random, CancellationToken, Task> run) =>
        new($"node: {name}", ChaosTarget.Node, MayLose: false, _ => true, run);

    private static ChaosFault Redis(string name, Func<ChaosSystem, Random, CancellationToken, Task> run, bool mayLose = false) =>
        new($"redis: {name}", ChaosTarget.Redis, mayLose, system => system.Redis is not null, run);

    private static Task LastAsync(Random random, int least, int most, CancellationToken cancellationToken) =>
        Task.Delay(random.Next(least, most), cancellationToken);

    private static async Task CutAllAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        for (var times = random.Next(1, 6); times > 0; times--)
        {
            system.Proxy.CutAll();
            await LastAsync(random, 0, 200, cancellationToken);
        }
    }

    private static async Task MoodAsync(ChaosSystem system, ProxyMood mood, Random random, CancellationToken cancellationToken)
    {
        system.Proxy.Mood = mood;
        // Moods that befall new connections need some.
        if (mood is ProxyMood.Cuts or ProxyMood.Babbles)
            system.Proxy.CutAll();
        await LastAsync(random, 200, 1_200, cancellationToken);
        system.Proxy.Mood = ProxyMood.Good;
    }

    private static ChaosNode Any(ChaosSystem system, Random random) => system.Nodes[random.Next(system.Nodes.Count)];

    private static async Task KillNodeAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        var node = Any(system, random);
        await node.KillAsync(cancellationToken);
        await LastAsync(random, 0, 500, cancellationToken);
        await node.StartAsync(cancellationToken);
    }

    // Up to longer than a lease.
    private static async Task HaltNodeAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        var node = Any(system, random);
        node.Halt();
        try
        {
            await LastAsync(random, 200, 2_500, cancellationToken);
        }
        finally
        {
            node.Continue();
        }
    }

    private static async Task RollAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        foreach (var node in system.Nodes)
        {
            await node.StopAsync(cancellationToken);
            await node.StartAsync(cancellationToken);
        }
    }

    private static async Task JumpClockAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        var node = Any(system, random);
        node.SetClock(TimeSpan.FromSeconds(random.Next(2) == 0 ? random.Next(1, 3_600) : -random.Next(1, 3_600)));
        await LastAsync(random, 200, 1_200, cancellationToken);
        node.SetClock(TimeSpan.Zero);
    }

    private static async Task KillRedisAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        await system.Redis!.KillPrimaryAsync(cancellationToken);
        await LastAsync(random, 0, 1_000, cancellationToken);
        await system.Redis.RevivePrimaryAsync(cancellationToken);
    }

    private static async Task HaltRedisAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        await system.Redis!.HaltPrimaryAsync(cancellationToken);
        await LastAsync(random, 200, 2_000, cancellationToken);
        await system.Redis.ContinuePrimaryAsync(cancellationToken);
    }

    private static async Task FillRedisAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        await system.Redis!.FillAsync(cancellationToken);
        await LastAsync(random, 200, 1_000, cancellationToken);
        await system.Redis.MakeRoomAsync(cancellationToken);
    }

    private static async Task FailOverAsync(ChaosSystem system, Random random, bool isBehind, CancellationToken cancellationToken)
    {
        if (isBehind)
        {
            await system.Redis!.HaltReplicaAsync(cancellationToken);
            await LastAsync(random, 50, 400, cancellationToken);
        }

        await system.Redis!.KillPrimaryAsync(cancellationToken);
        if (isBehind)
            await system.Redis.ContinueReplicaAsync(cancellationToken);
        await LastAsync(random, 0, 500, cancellationToken);
        await system.Redis.PromoteReplicaAsync(cancellationToken);
        await LastAsync(random, 0, 500, cancellationToken);
        await system.Redis.ReviveReplicaAsync(cancellationToken);
    }

    private static async Task HaltDatabaseAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        await system.Database.HaltAsync(cancellationToken);
        await LastAsync(random, 200, 2_000, cancellationToken);
        await system.Database.ContinueAsync(cancellationToken);
    }

    private static async Task KillDatabaseAsync(ChaosSystem system, Random random, CancellationToken cancellationToken)
    {
        await system.Database.KillAsync(cancellationToken);
        await LastAsync(random, 0, 500, cancellationToken);
        await system.Database.ReviveAsync(cancellationToken);
    }
}

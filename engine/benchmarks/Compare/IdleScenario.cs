using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>Connections that wait for events: what each costs in memory, and all of them in processor time.</summary>
internal sealed class IdleScenario(string name, string title, int connections, TimeSpan settle) : Scenario(name, title)
{
    // Enough to have every path compiled and every pool begun, so that "before" has all that connections do not add to.
    private static readonly LoadShape Rehearsal =
        new(200, Publishers: 1, PayloadBytes: 128, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));

    private static readonly SteadyPace RehearsalPace = new(20);

    public override IReadOnlyList<Metric> Metrics { get; } =
    [
        new("bytes/connection", "N0", IsCompared: true),
        new("PSS bytes/connection", "N0", IsCompared: true),
        new("before collection", "N0"),
        new("RSS MiB", "N0"),
        new("idle CPU ms/s", "N1"),
    ];

    public override int Connections => connections;

    public override bool WantsFreshServer => true;

    public override async Task<double[]> MeasureAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var before = await SettledAsync(server, cancellationToken);
        await using var crowd = new SubscriberCrowd(server.Target, publishers: 1);
        await crowd.OpenAsync(connections, cancellationToken);
        await Task.Delay(settle, cancellationToken);
        var untouched = server.Tree.Memory();

        var (begin, cpu) = (Stopwatch.GetTimestamp(), server.Tree.CpuTime());
        await Task.Delay(settle, cancellationToken);
        var idleCpu = (server.Tree.CpuTime() - cpu) / Stopwatch.GetElapsedTime(begin);

        var after = await SettledAsync(server, cancellationToken);
        return
        [
            (double)(after.Resident - before.Resident) / connections,
            (double)(after.Proportional - before.Proportional) / connections,
            (double)(untouched.Resident - before.Resident) / connections,
            after.Resident / 1048576.0,
            idleCpu * 1000,
        ];
    }

    public override Task WarmUpAsync(ServerProcess server, CancellationToken cancellationToken) =>
        new LoadRun(server.Target, server.Tree, Rehearsal).RunAsync(RehearsalPace, cancellationToken);

    private async Task<MemoryUse> SettledAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        await Task.Delay(settle / 2, cancellationToken);
        if (server.IsManaged)
        {
            // Twice: what had a finalizer goes with the second.
            await ManagedServer.CollectAsync(server.Tree.Root, cancellationToken);
            await ManagedServer.CollectAsync(server.Tree.Root, cancellationToken);
        }

        await Task.Delay(settle / 2, cancellationToken);
        return server.Tree.Memory();
    }
}

namespace Buffkit.Benchmarks;

/// <summary>Events to many connections at a pace.</summary>
internal sealed class LoadScenario(string name, string title, LoadShape shape, Pace pace) : Scenario(name, title)
{
    // Long enough for the runtime's tiered compiler to have replaced what it compiled in haste.
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    public override IReadOnlyList<Metric> Metrics { get; } =
    [
        new("CPU µs/delivery", "N2", IsCompared: true),
        new("deliveries/s", "N0", IsCompared: true),
        new("p50 ms", "N1"),
        new("p99 ms", "N1", IsCompared: true),
        new("lost", "N0"),
        new("gaps", "N0"),
        new("events/read", "N1"),
        new("server cores", "N2"),
        new("generator cores", "N2"),
        new("other cores", "N2"),
        new("PSS MiB", "N0"),
    ];

    public override int Connections => shape.Connections;

    public override bool WantsFreshServer => false;

    public override async Task<double[]> MeasureAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var figures = await new LoadRun(server.Target, server.Tree, shape).RunAsync(pace, cancellationToken);
        if (figures.Ended > 0)
            await Console.Error.WriteLineAsync($"{figures.Server} ended {figures.Ended} of its streams under load.");
        return
        [
            figures.CpuMicrosPerDelivery,
            figures.DeliveriesPerSecond,
            figures.P50,
            figures.P99,
            figures.Lost,
            figures.Gaps,
            figures.EventsPerRead,
            figures.ServerCpu / figures.Seconds,
            figures.GeneratorCpu / figures.Seconds,
            figures.OtherCpu / figures.Seconds,
            figures.Memory.Proportional / 1048576.0,
        ];
    }

    public override Task WarmUpAsync(ServerProcess server, CancellationToken cancellationToken) =>
        new LoadRun(server.Target, server.Tree, shape with { WarmUp = FirstWarmUp, Duration = Moment }).RunAsync(pace, cancellationToken);
}

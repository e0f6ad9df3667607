namespace Buffkit.Benchmarks;

/// <summary>Puts servers through scenarios in turns, so that what else the machine does falls on all of them.</summary>
internal sealed class Comparison(IReadOnlyList<ServerKind> kinds, int rounds)
{
    public async Task<List<Observation>> RunAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        var observations = new List<Observation>();
        var running = new Dictionary<ServerKind, ServerProcess>();
        try
        {
            for (var round = 1; round <= rounds; round++)
            {
                // There and back, so that a drift in one direction favours none.
                foreach (var kind in round % 2 == 1 ? kinds : kinds.Reverse())
                {
                    if (!running.TryGetValue(kind, out var server))
                    {
                        running[kind] = server = await kind.StartAsync(scenario.Connections, cancellationToken);
                        await scenario.WarmUpAsync(server, cancellationToken);
                    }

                    var values = await scenario.MeasureAsync(server, cancellationToken);
                    observations.Add(new Observation(scenario.Name, round, kind.Name, values));
                    await Console.Error.WriteLineAsync($"{scenario.Name} {round}/{rounds} {kind.Name}: {Line(scenario, values)}");
                    if (scenario.WantsFreshServer && running.Remove(kind))
                        await server.DisposeAsync();
                }
            }

            return observations;
        }
        finally
        {
            foreach (var server in running.Values)
                await server.DisposeAsync();
        }
    }

    private static string Line(Scenario scenario, double[] values) =>
        string.Join(", ", scenario.Metrics.Zip(values, (metric, value) => $"{metric.Name} {value.ToString(metric.Format)}"));
}

using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Buffkit.Benchmarks;

/// <summary>Writes all rounds and their medians for a program to read.</summary>
internal static class ComparisonJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static async Task WriteAsync(
        string file, IReadOnlyList<(Scenario Scenario, List<Observation> Observations)> results, CancellationToken cancellationToken)
    {
        var document = new
        {
            Cores = Environment.ProcessorCount,
            System = RuntimeInformation.RuntimeIdentifier,
            Runtime = RuntimeInformation.FrameworkDescription,
            Scenarios = results.Select(result => Describe(result.Scenario, result.Observations)),
        };
        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, document, Options, cancellationToken);
    }

    private static object Describe(Scenario scenario, List<Observation> observations) => new
    {
        scenario.Name,
        scenario.Title,
        Servers = observations.Select(observation => observation.Server).Distinct().Select(server => new
        {
            Name = server,
            Medians = Named(scenario, metric => Medians.Of(observations, server, metric)),
            Rounds = observations.Where(observation => observation.Server == server)
                .Select(observation => Named(scenario, metric => observation.Values[metric])),
        }),
    };

    private static Dictionary<string, double> Named(Scenario scenario, Func<int, double> value) =>
        scenario.Metrics.Index().ToDictionary(metric => metric.Item.Name, metric => value(metric.Index));
}

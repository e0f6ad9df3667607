using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>Writes a scenario's medians and ratios as a table that is plain text and Markdown alike.</summary>
internal static class ComparisonTable
{
    public static void Write(TextWriter to, Scenario scenario, IReadOnlyList<Observation> observations)
    {
        to.WriteLine();
        to.WriteLine($"## {scenario.Name}: {scenario.Title}");
        to.WriteLine();
        var servers = observations.Select(observation => observation.Server).Distinct().ToList();
        var rows = new List<string[]> { (string[])["server", .. scenario.Metrics.Select(metric => metric.Name)] };
        foreach (var server in servers)
            rows.Add([server, .. scenario.Metrics.Select((metric, i) => Format(Medians.Of(observations, server, i), metric.Format))]);
        WriteRows(to, rows);

        to.WriteLine();
        foreach (var other in servers.Skip(1))
        {
            foreach (var (i, metric) in scenario.Metrics.Index().Where(metric => metric.Item.IsCompared))
            {
                var ratios = Medians.Ratios(observations, servers[0], other, i);
                to.WriteLine($"{servers[0]} / {other}, {metric.Name}: median {Format(Medians.Of(ratios), "N2")} "
                    + $"(rounds {string.Join(", ", ratios.Select(ratio => Format(ratio, "N2")))})");
            }
        }
    }

    private static void WriteRows(TextWriter to, List<string[]> rows)
    {
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        rows.Insert(1, [.. widths.Select(width => new string('-', width))]);
        foreach (var row in rows)
            to.WriteLine("| " + string.Join(" | ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))) + " |");
    }

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

namespace Buffkit.Benchmarks;

/// <summary>A figure of the comparison.</summary>
/// <param name="Name">Heads its column, and is its name in the JSON.</param>
/// <param name="Format">How its values are written.</param>
/// <param name="IsCompared">Whether the tables state ratios of it.</param>
internal sealed record Metric(string Name, string Format, bool IsCompared = false);

/// <summary>What one server gave in one round of a scenario: a value per metric.</summary>
internal sealed record Observation(string Scenario, int Round, string Server, double[] Values);

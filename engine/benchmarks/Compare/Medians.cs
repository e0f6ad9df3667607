namespace Buffkit.Benchmarks;

/// <summary>Medians over rounds: one round that the machine disturbed does not move them.</summary>
internal static class Medians
{
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public static double Of(IReadOnlyList<Observation> observations, string server, int metric) =>
        Of(observations.Where(observation => observation.Server == server).Select(observation => observation.Values[metric]));

    /// <summary>One server's value over another's, round by round: neighbours in time are what can be compared.</summary>
    public static double[] Ratios(IReadOnlyList<Observation> observations, string server, string other, int metric) =>
    [
        .. from a in observations
           join b in observations on a.Round equals b.Round
           where a.Server == server && b.Server == other
           orderby a.Round
           select a.Values[metric] / b.Values[metric],
    ];
}

using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>What came of all rounds.</summary>
internal sealed class ChaosReport
{
    private readonly List<ChaosResult> _results = [];

    /// <summary>Rounds in which something was wrong.</summary>
    public int Failed => _results.Count(result => result.Found.Count > 0);

    public void Add(ChaosResult result) => _results.Add(result);

    public void Write(TextWriter to)
    {
        void Say(FormattableString text) => to.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        Say($"");
        Say($"{"fault",-24}{"rounds",8}{"p50",10}{"longest",10}   until every client was complete");
        foreach (var fault in _results.SelectMany(result => result.Faults.Select(name => (name, result.Complete))).GroupBy(pair => pair.name).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var times = fault.Select(pair => pair.Complete.TotalSeconds).Order().ToArray();
            Say($"{fault.Key,-24}{times.Length,8}{times[times.Length / 2],8:N2} s{times[^1],8:N2} s");
        }

        Say($"");
        Say($"{_results.Count:N0} rounds, {Failed:N0} failed: {_results.Sum(result => result.Accepted):N0} events and {_results.Sum(result => result.Orders):N0} orders, {_results.Sum(result => (long)result.Delivered):N0} deliveries judged, {_results.Sum(result => result.Gaps):N0} gaps announced");
    }
}

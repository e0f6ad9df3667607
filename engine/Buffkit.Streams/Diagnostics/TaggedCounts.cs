using System.Diagnostics.Metrics;

namespace Buffkit.Streams;

/// <summary>
/// A counter by the values of one tag, of which each is told from the start, as 0: what shows a growth would not see the first of a
/// series that begins with it.
/// </summary>
internal sealed class TaggedCounts
{
    private readonly KeyValuePair<string, object?>[] _tags;
    private readonly long[] _counts;

    public TaggedCounts(Meter meter, string name, string unit, string description, string tag, IEnumerable<string> values)
    {
        _tags = [.. values.Select(value => KeyValuePair.Create(tag, (object?)value))];
        _counts = new long[_tags.Length];
        meter.CreateObservableCounter(name, Measure, unit, description);
    }

    /// <summary>Counts.</summary>
    /// <param name="value">Index of the tag's value.</param>
    /// <param name="count">How many.</param>
    public void Add(int value, long count) => Interlocked.Add(ref _counts[value], count);

    private IEnumerable<Measurement<long>> Measure() => _tags.Select((tag, value) => new Measurement<long>(Interlocked.Read(ref _counts[value]), tag));
}

namespace Buffkit.Streams;

/// <summary>
/// Finds the topics that take more than their share of a log, from a sample: counting each event would cost every append. Not safe
/// for several threads.
/// </summary>
/// <param name="share">The share, of events and of bytes.</param>
internal sealed class NoisyTopics(double share)
{
    /// <summary>Events that are looked at, spread evenly over the log: a share is known to a few hundredths.</summary>
    public const int Samples = 64;

    private readonly Dictionary<string, (int Events, long Bytes)> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _noisy = new(StringComparer.Ordinal);

    public bool Any => _noisy.Count > 0;

    /// <summary>Looks again.</summary>
    /// <param name="sample">Gives an event of the dense part, by its place among the samples.</param>
    /// <param name="dense">The share of the log's room that the dense part takes: of its events, and of its bytes.</param>
    public void Look(Func<int, StreamEvent> sample, (double Events, double Bytes) dense)
    {
        _seen.Clear();
        _noisy.Clear();
        var bytes = 0L;
        var roots = _seen.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var i = 0; i < Samples; i++)
        {
            var e = sample(i);
            bytes += e.Size;
            roots.TryGetValue(TopicRoot.Of(e.Topic), out var before);
            roots[TopicRoot.Of(e.Topic)] = (before.Events + 1, before.Bytes + e.Size);
        }

        foreach (var (root, taken) in _seen)
        {
            if (dense.Events * taken.Events / Samples > share || dense.Bytes * taken.Bytes / bytes > share)
                _noisy.Add(root);
        }
    }

    public bool Contains(Topic topic) => _noisy.Count > 0 && _noisy.GetAlternateLookup<ReadOnlySpan<char>>().Contains(TopicRoot.Of(topic));
}

namespace Buffkit.Streams;

/// <summary>
/// A page of the part of the log behind its dense one: what topics keep there while another takes more than its share of what is
/// retained (<see cref="LogOptions.TopicShare"/>).
/// </summary>
/// <param name="Events">In order; all that follow the cursor but for those of <paramref name="Lost"/>.</param>
/// <param name="Through">The cursor from which to go on.</param>
/// <param name="Lost">Topics of which something that follows the cursor is no longer held.</param>
/// <param name="State">Where the log stood when it was read.</param>
public sealed record ThinnedRead(IReadOnlyList<StreamEvent> Events, EventId Through, IReadOnlyList<TopicFilter> Lost, LogState State)
{
    /// <summary>Whether nothing is lost for whoever asked for these topics.</summary>
    public bool IsWholeFor(IReadOnlyList<TopicFilter> filters)
    {
        foreach (var lost in Lost)
        {
            foreach (var filter in filters)
            {
                if (lost.Overlaps(filter))
                    return false;
            }
        }

        return true;
    }
}

namespace Buffkit.Streams;

/// <summary>
/// The first two segments of a topic, by which topics count as one where they share what is retained: <c>user/ada</c> for all of
/// hers, <c>orders/42</c> for an order's.
/// </summary>
internal static class TopicRoot
{
    /// <summary>The root of a topic; the whole of it where it has no more than two segments.</summary>
    public static ReadOnlySpan<char> Of(Topic topic)
    {
        var text = topic.Value.AsSpan();
        var first = text.IndexOf('/');
        if (first < 0)
            return text;
        var second = text[(first + 1)..].IndexOf('/');
        return second < 0 ? text : text[..(first + 1 + second)];
    }

    /// <summary>All topics of a root.</summary>
    public static TopicFilter Topics(string root) =>
        root.Contains('/', StringComparison.Ordinal) ? TopicFilter.AllBelow(root) : TopicFilter.Parse(root);
}

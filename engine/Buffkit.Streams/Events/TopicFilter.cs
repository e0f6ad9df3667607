using System.Diagnostics.CodeAnalysis;

namespace Buffkit.Streams;

/// <summary>
/// What a subscriber asks for: a topic in which a segment may be <c>*</c> (any one segment) and the last may be
/// <c>**</c> (the rest: none, one or many segments).
/// </summary>
/// <remarks><c>orders/*</c> matches <c>orders/42</c> only; <c>orders/**</c> also <c>orders</c> and <c>orders/42/items</c>.</remarks>
public readonly record struct TopicFilter
{
    private readonly string? _value;

    private TopicFilter(string value) => _value = value;

    /// <summary>The filter's text.</summary>
    public string Value => _value ?? "";

    /// <summary>Segments that are <c>*</c>.</summary>
    internal int Wildcards
    {
        get
        {
            // Nothing but a whole segment is '*', and '**' is the last one.
            var stars = Value.AsSpan().Count('*');
            return Value.EndsWith("**", StringComparison.Ordinal) ? stars - 2 : stars;
        }
    }

    /// <summary>Reads a filter that is known to be one, in code.</summary>
    /// <exception cref="FormatException">The text is not a filter; the message says why.</exception>
    public static TopicFilter Parse(string text) =>
        TryParse(text, out var filter, out var error) ? filter : throw new FormatException(error);

    /// <summary>Reads a filter from outside.</summary>
    /// <param name="text">The text.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="error">What is wrong, as a sentence for the sender.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out TopicFilter filter, [NotNullWhen(false)] out string? error)
    {
        filter = default;
        error = TopicSyntax.Check(text) ?? CheckWildcards(text!);
        if (error is not null)
            return false;

        filter = new TopicFilter(text!);
        return true;
    }

    /// <summary>The filter that matches one topic only.</summary>
    public static TopicFilter Of(Topic topic) => new(topic.Value);

    /// <summary>The filter that matches a topic and all below it; longer than one from outside may be where the topic is.</summary>
    internal static TopicFilter AllBelow(string topic) => new(topic + "/**");

    /// <summary>Whether an event of this topic is asked for.</summary>
    public bool Matches(Topic topic) => Matches(Value, topic.Value);

    /// <summary>Whether every topic that this filter matches is matched by another one too.</summary>
    /// <param name="allowed">The other filter, such as one of what a caller may see.</param>
    public bool IsWithin(TopicFilter allowed) => IsWithin(Value, allowed.Value);

    /// <summary>Whether there can be a topic that this filter and another one match.</summary>
    public bool Overlaps(TopicFilter other) => Overlaps(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static bool Overlaps(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        while (one is not "**" && other is not "**")
        {
            var first = TopicSegments.Take(ref one, out var oneEnds);
            var second = TopicSegments.Take(ref other, out var otherEnds);
            if (first is not "*" && second is not "*" && !first.SequenceEqual(second))
                return false;
            if (oneEnds)
                return otherEnds || other is "**";
            if (otherEnds)
                return one is "**";
        }

        return true;
    }

    private static bool IsWithin(ReadOnlySpan<char> filter, ReadOnlySpan<char> allowed)
    {
        while (true)
        {
            if (allowed is "**")
                return true;
            // The rest of a topic can be longer than anything that does not end in '**' too.
            if (filter is "**")
                return false;
            var inner = TopicSegments.Take(ref filter, out var filterEnds);
            var outer = TopicSegments.Take(ref allowed, out var allowedEnds);
            if (outer is not "*" && !outer.SequenceEqual(inner))
                return false;
            if (filterEnds)
                return allowedEnds || allowed is "**";
            if (allowedEnds)
                return false;
        }
    }

    private static bool Matches(ReadOnlySpan<char> filter, ReadOnlySpan<char> topic)
    {
        while (true)
        {
            if (filter is "**")
                return true;
            var wanted = TopicSegments.Take(ref filter, out var filterEnds);
            var actual = TopicSegments.Take(ref topic, out var topicEnds);
            if (wanted is not "*" && !wanted.SequenceEqual(actual))
                return false;
            if (topicEnds)
                return filterEnds || filter is "**";
            if (filterEnds)
                return false;
        }
    }

    private static string? CheckWildcards(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (true)
        {
            var segment = TopicSegments.Take(ref rest, out var last);
            if (segment is "**" && !last)
                return "'**' stands for the rest of a topic, so it is the last segment of a filter.";
            if (segment.Contains('*') && segment is not ("*" or "**"))
                return "'*' stands for a whole segment of a filter, as in 'orders/*'.";
            if (last)
                return null;
        }
    }
}

/// <summary>Walks a topic segment by segment without allocating.</summary>
internal static class TopicSegments
{
    /// <summary>Takes the first segment off <paramref name="rest"/>.</summary>
    public static ReadOnlySpan<char> Take(ref ReadOnlySpan<char> rest, out bool last)
    {
        var slash = rest.IndexOf('/');
        last = slash < 0;
        var segment = last ? rest : rest[..slash];
        rest = last ? default : rest[(slash + 1)..];
        return segment;
    }
}

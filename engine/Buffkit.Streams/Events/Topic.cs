using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Buffkit.Streams;

/// <summary>Where an event is published: segments joined by <c>/</c>, such as <c>orders/42</c>. Compared by ordinal.</summary>
public readonly record struct Topic
{
    /// <summary>Longest topic or filter, in characters.</summary>
    public const int MaxLength = 256;

    /// <summary>Most segments of a topic or filter; bounds the depth of the topic index.</summary>
    public const int MaxSegments = 16;

    private readonly string? _value;

    private Topic(string value) => _value = value;

    /// <summary>The topic's text.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads a topic that is known to be one, in code.</summary>
    /// <exception cref="FormatException">The text is not a topic; the message says why.</exception>
    public static Topic Parse(string text) =>
        TryParse(text, out var topic, out var error) ? topic : throw new FormatException(error);

    /// <summary>Reads a topic from outside.</summary>
    /// <param name="text">The text.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="error">What is wrong, as a sentence for the sender.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out Topic topic, [NotNullWhen(false)] out string? error)
    {
        topic = default;
        error = TopicSyntax.Check(text);
        if (error is null && text!.Contains('*', StringComparison.Ordinal))
            error = "A topic has no '*'; wildcards belong into a subscription's filter.";
        if (error is not null)
            return false;

        topic = new Topic(text!);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>The rules that topics and topic filters share.</summary>
internal static class TopicSyntax
{
    // White space, controls and the characters that would need escaping in a URL, a log line or a JSON path.
    private static readonly SearchValues<char> Refused = SearchValues.Create(" \"#<>?\\^`{|}");

    public static string? Check(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "A topic is required, such as 'orders/42'.";
        if (text.Length > Topic.MaxLength)
            return $"A topic has at most {Topic.MaxLength} characters.";
        if (text.AsSpan().Count('/') >= Topic.MaxSegments)
            return $"A topic has at most {Topic.MaxSegments} segments.";
        if (text[0] == '/' || text[^1] == '/' || text.Contains("//", StringComparison.Ordinal))
            return "A topic's segments are joined by single '/' and none is empty.";

        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(c) || char.IsControl(c) || char.IsWhiteSpace(c) || Refused.Contains(c))
                return $"A topic may not contain the character U+{(int)c:X4} (at {i}).";
        }

        return null;
    }
}

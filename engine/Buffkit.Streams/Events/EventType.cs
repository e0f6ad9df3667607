namespace Buffkit.Streams;

/// <summary>The rules for an event's type, the SSE <c>event:</c> field.</summary>
public static class EventType
{
    /// <summary>Longest type, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>Types that begin with this are the server's own; a publisher that used one could feign a control event.</summary>
    public const string ReservedPrefix = "stream.";

    /// <summary>A stream begins with it.</summary>
    public const string Open = "stream.open";

    /// <summary>The client has all that there was when its stream began.</summary>
    public const string Live = "stream.live";

    /// <summary>Events were lost for this client.</summary>
    public const string Gap = "stream.gap";

    /// <summary>A sign of life, where a comment would not be seen.</summary>
    public const string Heartbeat = "stream.heartbeat";

    /// <summary>The server ends the stream and says when to come back.</summary>
    public const string Close = "stream.close";

    /// <summary>Says what is wrong with a type from outside, or nothing.</summary>
    public static string? Check(string? type)
    {
        if (string.IsNullOrEmpty(type))
            return "A type is required, such as 'order.created'.";
        if (type.Length > MaxLength)
            return $"A type has at most {MaxLength} characters.";
        if (type.StartsWith(ReservedPrefix, StringComparison.Ordinal))
            return $"Types that begin with '{ReservedPrefix}' are the server's own.";
        if (type is "open" or "error")
            return "A native EventSource uses 'open' and 'error' for itself; take another type, such as 'order.failed'.";
        return PrintableText.Check(type, "type");
    }
}

/// <summary>Text that may stand in one line of the wire: no control characters, no broken surrogates.</summary>
internal static class PrintableText
{
    public static string? Check(string text, string what)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsControl(c) || char.IsSurrogate(c))
                return $"A {what} may not contain the character U+{(int)c:X4} (at {i}).";
        }

        return null;
    }
}

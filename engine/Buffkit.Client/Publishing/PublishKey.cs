using System.Diagnostics;

namespace Buffkit.Client;

/// <summary>
/// An idempotency key, and the trace of what is published by it. A key of the client's own carries that trace: published again by it,
/// wherever and whenever, the events are the same bytes, and with others the server would take them for another request.
/// </summary>
internal readonly record struct PublishKey
{
    /// <summary>The longest that the server takes.</summary>
    public const int Longest = 200;

    private const char Separator = '~';
    private const int NameLength = 32;

    private PublishKey(string text, string name, string? traceParent, string? traceState) =>
        (Text, Name, TraceParent, TraceState) = (text, name, traceParent, traceState);

    /// <summary>The key as it is sent.</summary>
    public string Text { get; }

    /// <summary>What the events' ids begin with.</summary>
    public string Name { get; }

    public string? TraceParent { get; }

    public string? TraceState { get; }

    /// <summary>A new key.</summary>
    /// <param name="trace">The trace that the events belong to.</param>
    public static PublishKey New(Activity? trace)
    {
        var name = Guid.NewGuid().ToString("N");
        if (trace is not { IdFormat: ActivityIdFormat.W3C, Id: { } parent })
            return new(name, name, null, null);
        var key = $"{name}{Separator}{parent}";
        // Vendors write what they like into the state; one that does not fit is left out.
        return trace.TraceStateString is { Length: > 0 } state && IsGood($"{key}{Separator}{state}")
            ? new($"{key}{Separator}{state}", name, parent, state)
            : new(key, name, parent, null);
    }

    /// <summary>A key of the caller's. It stands for no trace, unless it was once a new one.</summary>
    /// <returns>Nothing for what is none.</returns>
    public static PublishKey? Of(string text)
    {
        if (!IsGood(text))
            return null;
        var parts = text.Split(Separator, 3);
        return parts is [{ Length: NameLength } name, var parent, ..] && Guid.TryParseExact(name, "N", out _) && ActivityContext.TryParse(parent, null, out _)
            ? new PublishKey(text, name, parent, parts.Length == 3 ? parts[2] : null)
            : new PublishKey(text, text, null, null);
    }

    private static bool IsGood(string text) => text.Length is > 0 and <= Longest && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}

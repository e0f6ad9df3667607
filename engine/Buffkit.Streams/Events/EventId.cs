using System.Buffers;
using System.Globalization;

namespace Buffkit.Streams;

/// <summary>
/// The id of an event, and as a cursor the place right after it: "everything after this id".
/// </summary>
/// <remarks>
/// On the wire <c>{epoch}-{sequence}</c>, at most <see cref="MaxLength"/> bytes of <c>[A-Za-z0-9._-]</c>; opaque to
/// clients. Sequences begin at 1 and have no holes, so whether a cursor still reaches back far enough is a subtraction.
/// Sequence 0 is the cursor before an epoch's first event.
/// </remarks>
public readonly record struct EventId(Epoch Epoch, long Sequence)
{
    /// <summary>Longest id that is accepted, in bytes (the wire contract's bound).</summary>
    public const int MaxLength = 64;

    internal static readonly SearchValues<char> LowerAlphanumeric =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>The id that follows this one in the same epoch.</summary>
    public EventId Next => this with { Sequence = Sequence + 1 };

    /// <summary>The cursor just before this event.</summary>
    public EventId Previous => this with { Sequence = Sequence - 1 };

    /// <summary>Reads an id from outside.</summary>
    /// <returns><see langword="false"/> for anything that no log of this format could have issued.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out EventId id)
    {
        id = default;
        var dash = text.IndexOf('-');
        if (dash < 0 || text.Length > MaxLength || !Epoch.TryParse(text[..dash], out var epoch))
            return false;

        var digits = text[(dash + 1)..];
        // One spelling per id: "007", "+7" and " 7" are not ids, so comparing texts is comparing ids.
        if (digits is not "0" && (digits.IsEmpty || digits[0] is < '1' or > '9'))
            return false;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
            return false;

        id = new EventId(epoch, sequence);
        return true;
    }

    /// <summary>Whether a text has the outward form of an id, issued by this log or not: safe to echo.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxLength && !text.ContainsAnyExcept(IdCharacters);

    /// <summary>Whether an event lies at or before this cursor, in its epoch.</summary>
    internal bool HasPassed(EventId id) => Epoch == id.Epoch && id.Sequence <= Sequence;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Sequence}");
}

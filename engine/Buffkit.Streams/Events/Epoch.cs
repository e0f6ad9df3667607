using System.Security.Cryptography;

namespace Buffkit.Streams;

/// <summary>One life of a log. Ids are ordered within an epoch; a log that lost its events begins a new one.</summary>
/// <remarks>One to <see cref="MaxLength"/> characters of <c>[a-z0-9]</c>: drawn at random, or a number that a shared log counts up.</remarks>
public readonly record struct Epoch
{
    /// <summary>Longest epoch that is accepted, in characters.</summary>
    public const int MaxLength = 12;

    // 28^8 is about 3.8e11: two lives of one log never share a name in practice, and an id stays short.
    private const int NewLength = 8;

    // Without vowels and look-alikes, so that an epoch read over the phone is neither a word nor ambiguous.
    private const string Alphabet = "23456789bcdfghjkmnpqrstvwxyz";

    // What a Lua script counts with exactly.
    private const long MaxNumber = 1L << 53;

    private readonly string? _value;

    private Epoch(string value) => _value = value;

    /// <summary>Draws a new epoch.</summary>
    public static Epoch New() => new(RandomNumberGenerator.GetString(Alphabet, NewLength));

    /// <summary>The epoch of a number, 1 or more, in base 36.</summary>
    internal static Epoch FromNumber(long number) => new(Base36.Format(number));

    /// <summary>The number that <see cref="FromNumber"/> made the epoch of; false for an epoch that it did not make.</summary>
    internal bool TryGetNumber(out long number) => Base36.TryParse(_value, out number) && number is > 0 and <= MaxNumber;

    /// <summary>Reads an epoch from outside.</summary>
    /// <returns><see langword="false"/> where the text is not one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Epoch epoch)
    {
        if (text.Length is 0 or > MaxLength || text.ContainsAnyExcept(EventId.LowerAlphanumeric))
        {
            epoch = default;
            return false;
        }

        epoch = new Epoch(text.ToString());
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => _value ?? "";
}

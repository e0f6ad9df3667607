namespace Buffkit.Streams;

/// <summary>Numbers in few characters, one spelling each.</summary>
internal static class Base36
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    // long.MaxValue has 13 digits.
    private const int MaxLength = 13;

    public static string Format(long number)
    {
        Span<char> digits = stackalloc char[MaxLength];
        var start = digits.Length;
        do
        {
            digits[--start] = Digits[(int)(number % Digits.Length)];
            number /= Digits.Length;
        }
        while (number > 0);
        return digits[start..].ToString();
    }

    /// <returns><see langword="false"/> for what <see cref="Format"/> does not write, and for what is no long.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.Length is 0 or > MaxLength || (text[0] == '0' && text.Length > 1))
            return false;
        foreach (var c in text)
        {
            var digit = Digits.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0 || number > (long.MaxValue - digit) / Digits.Length)
                return false;
            number = (number * Digits.Length) + digit;
        }

        return true;
    }
}

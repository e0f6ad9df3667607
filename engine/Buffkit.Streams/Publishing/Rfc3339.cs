using System.Globalization;

namespace Buffkit.Streams;

/// <summary>Reads times as RFC 3339, section 5.6, writes them, and keeps them as they are: any number of digits, leap seconds.</summary>
internal static class Rfc3339
{
    /// <summary>Longest time that is taken, in characters: nobody measures to more than thirty digits.</summary>
    private const int MaxLength = 64;

    /// <summary>Reads a time.</summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The same with the letters T and Z as every reader knows them.</param>
    public static bool TryRead(string text, out string time)
    {
        time = text.Replace('t', 'T').Replace('z', 'Z');
        return text.Length <= MaxLength && IsTime(time);
    }

    private static bool IsTime(ReadOnlySpan<char> text)
    {
        if (text.Length < "0000-00-00T00:00:00Z".Length || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryRead(text[..4], 9999, out var year) || !TryRead(text[5..7], 12, out var month) || !TryRead(text[8..10], 31, out var day)
            || !TryRead(text[11..13], 23, out var hour) || !TryRead(text[14..16], 59, out var minute) || !TryRead(text[17..19], 60, out var second))
        {
            return false;
        }

        var rest = text[19..];
        if (rest is ['.', ..])
        {
            var digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0)
                return false;
            rest = rest[(digits + 1)..];
        }

        // The calendar repeats itself after 400 years; .NET has no year 0.
        return month >= 1 && day >= 1 && day <= DateTime.DaysInMonth(year + 400 > 9999 ? year : year + 400, month)
            && TryReadOffset(rest, out var offset)
            // A leap second is the last of a day in UTC.
            && (second < 60 || (((hour * 60) + minute - offset + (24 * 60)) % (24 * 60)) == (24 * 60) - 1);
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z")
            return true;
        if (text is not ['+' or '-', _, _, ':', _, _] || !TryRead(text[1..3], 23, out var hour) || !TryRead(text[4..], 59, out var minute))
            return false;
        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryRead(ReadOnlySpan<char> digits, int most, out int value) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= most;
}

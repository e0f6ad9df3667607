using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>
/// What a payload begins with: when it was published, by whom, and as which of that publisher's events. Of fixed width, so
/// that a reader of millions finds it without parsing; of plain letters, so that it is the same in JSON and in text.
/// </summary>
/// <param name="Ticks">A timestamp of <see cref="Stopwatch"/>; generator and publisher are one process, so one clock.</param>
/// <param name="Publisher">Number of the publisher, 0 to 255.</param>
/// <param name="Sequence">Counts the publisher's events from 1.</param>
internal readonly record struct Stamp(long Ticks, int Publisher, long Sequence)
{
    private const byte Mark = (byte)'@';

    /// <summary>Bytes of a stamp: a mark, then 16, 2 and 8 hexadecimal digits.</summary>
    public const int Length = 1 + 16 + 2 + 8;

    /// <summary>Writes the stamp and fills up to a payload of the wanted size.</summary>
    public void Write(IBufferWriter<byte> to, int payloadBytes)
    {
        var span = to.GetSpan(payloadBytes)[..payloadBytes];
        span.Fill((byte)'x');
        span[0] = Mark;
        Write(span.Slice(1, 16), Ticks);
        Write(span.Slice(17, 2), Publisher);
        Write(span.Slice(19, 8), Sequence);
        to.Advance(payloadBytes);
    }

    /// <summary>Reads a stamp at the start of a payload.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out Stamp stamp)
    {
        stamp = default;
        if (payload[0] != Mark)
            return false;
        stamp = new Stamp(Read(payload.Slice(1, 16)), (int)Read(payload.Slice(17, 2)), Read(payload.Slice(19, 8)));
        return true;
    }

    private static void Write(Span<byte> to, long value) =>
        Utf8Formatter.TryFormat(value, to, out _, new StandardFormat('x', (byte)to.Length));

    private static long Read(ReadOnlySpan<byte> digits)
    {
        var value = 0L;
        foreach (var digit in digits)
            value = (value << 4) | (long)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        return value;
    }
}

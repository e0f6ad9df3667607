using System.Buffers;
using System.Text;

namespace Buffkit.Streams;

/// <summary>Writes the lines of an event stream (WHATWG HTML, "Server-sent events", section 9.2.6).</summary>
internal static class SseField
{
    // The space after the colon is part of the syntax; without it a value's own leading space would be eaten.
    public static void Event(IBufferWriter<byte> to, string type) => Line(to, "event: "u8, type);

    public static void Retry(IBufferWriter<byte> to, TimeSpan retry)
    {
        to.Write("retry: "u8);
        WriteInteger(to, (long)retry.TotalMilliseconds);
        to.Write("\n"u8);
    }

    /// <summary>
    /// A comment line. No blank line follows it: parsers there are that take one for the end of a message though none was begun
    /// (@microsoft/fetch-event-source).
    /// </summary>
    public static void Comment(IBufferWriter<byte> to) => to.Write(":\n"u8);

    /// <summary>
    /// The id, and the end. The id stands last: parsers there are that take it for the client's last id as soon as they read the line
    /// (eventsource 2, @microsoft/fetch-event-source), and would skip an event of which a cut left them no more than its beginning.
    /// </summary>
    public static void EndOfEvent(IBufferWriter<byte> to, EventId id)
    {
        Line(to, "id: "u8, id.ToString());
        EndOfEvent(to);
    }

    /// <summary>The end of an event that has no id: the client's last id stays.</summary>
    public static void EndOfEvent(IBufferWriter<byte> to) => to.Write("\n"u8);

    /// <summary>One <c>data:</c> line per line of the text, whichever of CR, LF and CRLF ends it.</summary>
    public static void Data(IBufferWriter<byte> to, ReadOnlySpan<byte> utf8)
    {
        while (true)
        {
            to.Write("data: "u8);
            var end = utf8.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                to.Write(utf8);
                to.Write("\n"u8);
                return;
            }

            to.Write(utf8[..end]);
            to.Write("\n"u8);
            var crlf = utf8[end] == '\r' && end + 1 < utf8.Length && utf8[end + 1] == '\n';
            utf8 = utf8[(end + (crlf ? 2 : 1))..];
        }
    }

    private static void Line(IBufferWriter<byte> to, ReadOnlySpan<byte> name, string value)
    {
        to.Write(name);
        Encoding.UTF8.GetBytes(value, to);
        to.Write("\n"u8);
    }

    private static void WriteInteger(IBufferWriter<byte> to, long value)
    {
        var span = to.GetSpan(20);
        value.TryFormat(span, out var written);
        to.Advance(written);
    }
}

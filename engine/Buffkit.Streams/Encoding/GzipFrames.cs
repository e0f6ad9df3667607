using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Buffkit.Streams;

/// <summary>
/// Makes pieces of one gzip member (RFC 1952) that do not refer to each other, so that an event is compressed once and the
/// same bytes go to every connection, whatever it was sent before: a header, then per event deflate blocks (RFC 1951) of a
/// fresh window that end on a byte, then a trailer.
/// </summary>
internal static class GzipFrames
{
    /// <summary>Longest stored block of deflate: its length has 16 bits.</summary>
    private const int MaxStored = 65_535;

    private const int StoredHeader = 5;

    /// <summary>The member's header: deflate, no name, no time, unknown system.</summary>
    public static ReadOnlySpan<byte> Header => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

    /// <summary>Compresses a frame; as stored blocks where that is asked for, or shorter.</summary>
    public static Frame Encode(ReadOnlySpan<byte> plain, bool compress)
    {
        var checksum = Crc32Span.Of(plain);
        if (compress && Deflate(plain) is { } deflated && deflated.Length < StoredLength(plain.Length))
            return new Frame(deflated, checksum);

        var stored = new ArrayBufferWriter<byte>(StoredLength(plain.Length));
        WriteStored(stored, plain);
        return new Frame(stored.WrittenMemory, checksum);
    }

    /// <summary>Frames bytes as deflate blocks without compressing them.</summary>
    public static void WriteStored(IBufferWriter<byte> to, ReadOnlySpan<byte> plain)
    {
        while (!plain.IsEmpty)
        {
            var length = Math.Min(plain.Length, MaxStored);
            var header = to.GetSpan(StoredHeader);
            header[0] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(header[1..], (ushort)length);
            BinaryPrimitives.WriteUInt16LittleEndian(header[3..], (ushort)~length);
            to.Advance(StoredHeader);
            to.Write(plain[..length]);
            plain = plain[length..];
        }
    }

    /// <summary>Ends the member: an empty last block, the checksum and the length of all that was written.</summary>
    public static void WriteTrailer(IBufferWriter<byte> to, Crc32Span all)
    {
        to.Write<byte>([0x01, 0x00, 0x00, 0xFF, 0xFF]);
        var trailer = to.GetSpan(8);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, all.Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], all.Length);
        to.Advance(8);
    }

    private static byte[] Deflate(ReadOnlySpan<byte> plain)
    {
        using var output = new MemoryStream(plain.Length);
        using var deflate = new DeflateStream(output, CompressionLevel.Fastest);
        deflate.Write(plain);
        // A sync flush ends on a byte with an empty stored block; disposing afterwards would mark the last block, so the bytes
        // are taken before.
        deflate.Flush();
        return output.ToArray();
    }

    private static int StoredLength(int plain) => plain + (StoredHeader * ((plain + MaxStored - 1) / MaxStored));
}

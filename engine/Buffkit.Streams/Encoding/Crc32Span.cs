using System.IO.Hashing;

namespace Buffkit.Streams;

/// <summary>
/// The CRC-32 of a stretch of bytes, and its length, in a form that joins with the next stretch's without reading the
/// bytes again: a gzip trailer needs the checksum of all that one connection got, of frames that all connections share.
/// </summary>
/// <remarks>
/// A CRC is a polynomial's remainder over GF(2). Appending n bytes multiplies it by x^(8n), a factor computed once per
/// frame; joining is one multiplication modulo the CRC's polynomial (the method of zlib's <c>crc32_combine</c>).
/// </remarks>
/// <param name="Crc">The checksum.</param>
/// <param name="Length">The length in bytes, modulo 2^32, as the trailer has it.</param>
/// <param name="Shift">x^(8·length) modulo the polynomial, reflected.</param>
internal readonly record struct Crc32Span(uint Crc, uint Length, uint Shift)
{
    // The CRC-32 of gzip (RFC 1952, section 8), reflected; x^0 is the top bit.
    private const uint Polynomial = 0xEDB88320;
    private const uint One = 0x80000000;

    /// <summary>No bytes.</summary>
    public static Crc32Span Empty { get; } = new(0, 0, One);

    public static Crc32Span Of(ReadOnlySpan<byte> bytes) =>
        new(Crc32.HashToUInt32(bytes), (uint)bytes.Length, PowerOfXTo8(bytes.Length));

    /// <summary>This stretch followed by another.</summary>
    public Crc32Span Then(Crc32Span next) =>
        new(Multiply(next.Shift, Crc) ^ next.Crc, Length + next.Length, One);

    private static uint PowerOfXTo8(int bytes)
    {
        // Square and multiply over the bits of the exponent, beginning with x^8.
        var result = One;
        var square = 0x00800000u;
        for (; bytes != 0; bytes >>= 1)
        {
            if ((bytes & 1) != 0)
                result = Multiply(square, result);
            square = Multiply(square, square);
        }

        return result;
    }

    private static uint Multiply(uint a, uint b)
    {
        var product = 0u;
        for (; a != 0; a <<= 1)
        {
            if ((a & One) != 0)
                product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }

        return product;
    }
}

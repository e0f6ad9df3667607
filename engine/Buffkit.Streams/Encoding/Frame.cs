namespace Buffkit.Streams;

/// <summary>An event encoded once for the wire, shared by every connection of its kind.</summary>
/// <param name="Bytes">What is written. Never changed.</param>
/// <param name="Checksum">Of the bytes before compression, for a gzip member's trailer; nothing where there is none.</param>
internal sealed record Frame(ReadOnlyMemory<byte> Bytes, Crc32Span Checksum = default)
{
    public int Length => Bytes.Length;
}

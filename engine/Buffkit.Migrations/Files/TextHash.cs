using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Migrations;

/// <summary>SHA-256 over text as UTF-8, piece by piece, with every line ended by LF: an editor's or Git's line ends change nothing.</summary>
internal sealed class TextHash : IDisposable
{
    private const int Piece = 16 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Encoder _encoder = Encoding.UTF8.GetEncoder();
    private bool _afterReturn;

    public static string Of(string text)
    {
        using var hash = new TextHash();
        hash.Append(text);
        return hash.Current();
    }

    public void Append(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            if (_afterReturn && text[0] == '\n')
            {
                // The second half of CRLF.
                text = text[1..];
                _afterReturn = false;
                continue;
            }

            var end = text.IndexOf('\r');
            Encode(end < 0 ? text : text[..end]);
            _afterReturn = end >= 0;
            if (_afterReturn)
            {
                Encode("\n");
            }

            text = end < 0 ? [] : text[(end + 1)..];
        }
    }

    public void Append(TextReader reader)
    {
        var buffer = ArrayPool<char>.Shared.Rent(Piece);
        try
        {
            while (reader.ReadBlock(buffer, 0, Piece) is var read and > 0)
            {
                Append(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>The hash of what has been appended so far, in lower case hexadecimal.</summary>
    public string Current() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();

    private void Encode(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[1024];
        while (text.Length > 0)
        {
            _encoder.Convert(text, bytes, flush: false, out var read, out var written, out _);
            _hash.AppendData(bytes[..written]);
            text = text[read..];
        }
    }
}

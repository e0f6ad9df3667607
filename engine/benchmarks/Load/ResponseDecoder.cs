using System.Buffers.Text;
using System.Text;

namespace Buffkit.Benchmarks;

/// <summary>
/// Takes the body out of HTTP/1.1 responses as bytes come in, whatever the frame: chunks, a length, or until the end of
/// the connection. Keeps no bytes but an unfinished head.
/// </summary>
internal struct ResponseDecoder
{
    // Far above any server's head; a server that sends more is not one of ours.
    private const int MaxHead = 16 * 1024;

    private Part _part;
    private long _left;
    private byte[]? _unfinishedHead;

    private enum Part : byte
    {
        Head,
        Body,
        ChunkSize,
        ChunkExtension,
        Chunk,
        ChunkEnd,
        UntilClose,
    }

    /// <summary>Status of the response at hand; 0 until its head is read.</summary>
    public int Status { get; private set; }

    /// <summary>Takes the next piece off the input.</summary>
    /// <param name="input">What came in; shortened by what was taken.</param>
    /// <param name="body">A piece of the body; may be empty.</param>
    /// <returns>Whether the response ended with it.</returns>
    public bool Take(ref ReadOnlySpan<byte> input, out ReadOnlySpan<byte> body)
    {
        body = default;
        switch (_part)
        {
            case Part.Head:
                return TakeHead(ref input);
            case Part.UntilClose:
                body = Cut(ref input, input.Length);
                return false;
            case Part.Body:
                body = TakeLeft(ref input);
                return _left == 0 && End();
            case Part.Chunk:
                body = TakeLeft(ref input);
                if (_left == 0)
                    (_part, _left) = (Part.ChunkEnd, 2);
                return false;
            case Part.ChunkEnd:
                TakeLeft(ref input);
                if (_left == 0)
                    _part = Part.ChunkSize;
                return false;
            default:
                return TakeChunkSize(ref input);
        }
    }

    private bool TakeHead(ref ReadOnlySpan<byte> input)
    {
        if (_unfinishedHead is { } before)
        {
            input = (byte[])[.. before, .. input];
            _unfinishedHead = null;
        }

        var end = input.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            if (input.Length > MaxHead)
                throw new InvalidDataException("The server's response head does not end.");
            _unfinishedHead = input.ToArray();
            input = default;
            return false;
        }

        var head = Cut(ref input, end + 4);
        if (!head.StartsWith("HTTP/1."u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
            throw new InvalidDataException("This is no HTTP/1 response: " + Encoding.ASCII.GetString(head[..Math.Min(head.Length, 80)]));

        Status = status;
        if (Field(head, "\r\nTransfer-Encoding: "u8).StartsWith("chunked"u8))
            (_part, _left) = (Part.ChunkSize, 0);
        else if (Utf8Parser.TryParse(Field(head, "\r\nContent-Length: "u8), out long length, out _))
            (_part, _left) = (Part.Body, length);
        else
            _part = Part.UntilClose;
        return _part is Part.Body && _left == 0 && End();
    }

    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var at = head.IndexOf(name);
        return at < 0 ? default : head[(at + name.Length)..];
    }

    private bool TakeChunkSize(ref ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            var c = Cut(ref input, 1)[0];
            if (c == '\n')
            {
                // The last chunk is empty; our servers send no trailers, so its line end is all that follows.
                (_part, var last) = _left == 0 ? (Part.Body, true) : (Part.Chunk, false);
                if (last)
                    _left = 2;
                return false;
            }

            if (c == ';')
                _part = Part.ChunkExtension;
            else if (c != '\r' && _part is Part.ChunkSize)
                _left = (_left << 4) | (long)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return false;
    }

    private ReadOnlySpan<byte> TakeLeft(ref ReadOnlySpan<byte> input)
    {
        var taken = Cut(ref input, (int)Math.Min(_left, input.Length));
        _left -= taken.Length;
        return taken;
    }

    private bool End()
    {
        _part = Part.Head;
        return true;
    }

    private static ReadOnlySpan<byte> Cut(ref ReadOnlySpan<byte> input, int length)
    {
        var cut = input[..length];
        input = input[length..];
        return cut;
    }
}

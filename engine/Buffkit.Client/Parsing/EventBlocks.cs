namespace Buffkit.Client;

/// <summary>
/// The bytes of an event stream on their way to <see cref="System.Net.ServerSentEvents.SseParser"/>, made so that it does all that the
/// WHATWG specification asks for (HTML, section 9.2.6).
/// </summary>
/// <remarks>
/// What the parser does not do by itself:
/// <list type="bullet">
/// <item>A block without data moves the last event id, and its <c>event:</c> does not count for the next block. The parser yields nothing for
/// such a block, and keeps its type. Here it gets an empty <c>data:</c> and the type <see cref="BlockWithoutData"/>.</item>
/// <item>The last event id moves when a block is complete. The parser's moves with the line: a stream that is cut between <c>id:</c>
/// and <c>data:</c> would lose that event for good. With the change above the ids of the items that it yields are enough.</item>
/// <item>A CR is the end of a line. The parser waits whether an LF follows, so an event would be held back until the next byte. Here every end
/// of a line becomes LF.</item>
/// <item>An event has as many bytes as its sender likes. Here there is a bound.</item>
/// </list>
/// Every byte counts as a sign of life, those of comments too: the parser does not show them.
/// </remarks>
internal sealed class EventBlocks(Stream inner, SignsOfLife life, int maxEventBytes) : Stream
{
    /// <summary>The type of an item that is no event, and has an id at most. No server can mean it: it has a NUL.</summary>
    public const string BlockWithoutData = "\0block without data";

    // Longest name that means something, after the byte order mark that may come before the first.
    private const int LongestName = 3 + 5;

    private static readonly byte[] LineEnd = "\n"u8.ToArray();
    private static readonly byte[] EmptyData = "event:\0block without data\ndata:\n\n"u8.ToArray();

    private readonly byte[] _input = new byte[16 * 1024];
    private readonly byte[] _name = new byte[LongestName + 1];
    private int _start;
    private int _end;
    private ReadOnlyMemory<byte> _pending;
    private bool _isFirstLine = true;
    private bool _afterCarriageReturn;
    private long _lineBytes;
    private long _blockBytes;
    private bool _hasData;
    private bool _hasIdOrType;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        while (true)
        {
            var written = Pass(buffer.Span);
            if (written > 0)
                return written;
            _start = 0;
            _end = await life.ReadAsync(inner, _input).ConfigureAwait(false);
            if (_end == 0)
                return 0;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Pass(Span<byte> output)
    {
        var written = 0;
        while (written < output.Length)
        {
            if (!_pending.IsEmpty)
            {
                var length = Math.Min(_pending.Length, output.Length - written);
                _pending.Span[..length].CopyTo(output[written..]);
                _pending = _pending[length..];
                written += length;
                continue;
            }

            var input = _input.AsSpan(_start, _end - _start);
            if (input.IsEmpty)
                break;
            if (input[0] is (byte)'\r' or (byte)'\n')
            {
                _start++;
                var isSecondHalf = input[0] == (byte)'\n' && _afterCarriageReturn;
                _afterCarriageReturn = input[0] == (byte)'\r';
                if (!isSecondHalf)
                    EndLine();
                continue;
            }

            _afterCarriageReturn = false;
            var run = input.IndexOfAny((byte)'\r', (byte)'\n');
            run = Math.Min(run < 0 ? input.Length : run, output.Length - written);
            TakeName(input[..run]);
            input[..run].CopyTo(output[written..]);
            _start += run;
            written += run;
        }

        return written;
    }

    private void TakeName(ReadOnlySpan<byte> bytes)
    {
        if (_lineBytes < _name.Length)
            bytes[..Math.Min(bytes.Length, _name.Length - (int)_lineBytes)].CopyTo(_name.AsSpan((int)_lineBytes));
        _lineBytes += bytes.Length;
        if (_blockBytes + _lineBytes > maxEventBytes)
            throw new EventStreamException($"An event has more than {maxEventBytes} bytes ({nameof(EventStreamClientOptions)}.{nameof(EventStreamClientOptions.MaxEventBytes)}).");
    }

    private void EndLine()
    {
        var line = _name.AsSpan(0, (int)Math.Min(_lineBytes, _name.Length));
        if (_isFirstLine && line.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            line = line[3..];
        _isFirstLine = false;
        if (line.IsEmpty)
        {
            _pending = _hasIdOrType && !_hasData ? EmptyData : LineEnd;
            (_hasData, _hasIdOrType, _blockBytes) = (false, false, 0);
        }
        else
        {
            Note(line);
            _pending = LineEnd;
        }

        _lineBytes = 0;
    }

    private void Note(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        // A comment is no part of an event; heartbeats may follow each other for hours without a blank line.
        if (colon == 0)
            return;
        _blockBytes += _lineBytes + 1;
        var name = colon < 0 ? line : line[..colon];
        _hasData |= name.SequenceEqual("data"u8);
        _hasIdOrType |= name.SequenceEqual("id"u8) || name.SequenceEqual("event"u8);
    }
}

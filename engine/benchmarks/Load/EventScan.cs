using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Buffkit.Benchmarks;

/// <summary>
/// Finds stamps in an event stream as it comes in, without parsing it: of each line only the first bytes are looked at,
/// the rest is skipped to the line's end by vectorized search.
/// </summary>
internal struct EventScan
{
    private const int HeadLength = 6 + Stamp.Length;

    private LineHead _head;
    private int _held;
    private bool _skipping;

    private static ReadOnlySpan<byte> DataField => "data: "u8;

    private static ReadOnlySpan<byte> GapField => "event: stream.gap"u8;

    /// <summary>Looks for what is next.</summary>
    /// <param name="body">Body of the stream; shortened by what was looked at.</param>
    /// <param name="stamp">A stamp, where one was found.</param>
    public Found Next(ref ReadOnlySpan<byte> body, out Stamp stamp)
    {
        stamp = default;
        while (!body.IsEmpty)
        {
            if (_skipping && !SkipLine(ref body))
                break;

            var line = TakeHead(ref body);
            if (line.Length == 0)
                continue;
            if (line.StartsWith(DataField) && line.Length == HeadLength && Stamp.TryRead(line[DataField.Length..], out stamp))
                return Found.Event;
            if (line.StartsWith(GapField))
                return Found.Gap;
        }

        return Found.Nothing;
    }

    private bool SkipLine(ref ReadOnlySpan<byte> body)
    {
        var end = body.IndexOf((byte)'\n');
        body = end < 0 ? default : body[(end + 1)..];
        _skipping = end < 0;
        return end >= 0;
    }

    // What is returned is good until the next call: a line's first bytes, or a whole shorter line, or nothing yet.
    [UnscopedRef]
    private ReadOnlySpan<byte> TakeHead(ref ReadOnlySpan<byte> body)
    {
        var part = body[..Math.Min(HeadLength - _held, body.Length)];
        var end = part.IndexOf((byte)'\n');
        body = body[(end < 0 ? part.Length : end + 1)..];
        part = end < 0 ? part : part[..end];

        var whole = _held == 0 && (end >= 0 || part.Length == HeadLength);
        if (!whole)
        {
            part.CopyTo(_head[_held..]);
            _held += part.Length;
            if (end < 0 && _held < HeadLength)
                return default;
        }

        _skipping = end < 0;
        var head = whole ? part : ((ReadOnlySpan<byte>)_head)[.._held];
        _held = 0;
        return head;
    }

    /// <summary>What a look into the stream found.</summary>
    public enum Found
    {
        /// <summary>Nothing more in these bytes.</summary>
        Nothing,

        /// <summary>A stamped event.</summary>
        Event,

        /// <summary>The server says that events were lost.</summary>
        Gap,
    }

    [InlineArray(HeadLength)]
    private struct LineHead
    {
        private byte _first;
    }
}

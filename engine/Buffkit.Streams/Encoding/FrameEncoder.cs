using System.Buffers;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Encodes a tail entry into the kinds of frames that connections carry.</summary>
internal sealed class FrameEncoder
{
    // Frames are copied out to their exact size; the scratch buffer is the thread's own.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    // A larger scratch buffer is not kept: one huge event must not cost every thread its size for ever.
    private const int LargestKept = 256 * 1024;

    private long _compressedFrom;
    private long _compressedTo;

    private readonly int _minimumBytes;
    private readonly TopicFilter[] _neverCompressed;

    public FrameEncoder(IOptions<StreamsOptions> options)
    {
        var compression = options.Value.Compression;
        _minimumBytes = compression.MinimumBytes;
        _neverCompressed = [.. compression.ExcludedTopics.Select(TopicFilter.Parse)];
    }

    /// <summary>Bytes that were compressed so far, and what came of them.</summary>
    public (long From, long To) Compressed => (Interlocked.Read(ref _compressedFrom), Interlocked.Read(ref _compressedTo));

    /// <summary>An entry on the wire: encoded by the first who asks for this kind, then shared.</summary>
    public Frame Frame(TailEntry entry, FrameKind kind) => EncodedFrames.Of(entry).Get(entry, kind, this);

    /// <summary>Encodes, whoever has asked before.</summary>
    internal Frame Encode(TailEntry entry, FrameKind kind)
    {
        if (kind.Coding is ContentCoding.Gzip)
        {
            var plain = Frame(entry, kind.Plain).Bytes.Span;
            var compresses = plain.Length >= _minimumBytes && MayCompress(entry);
            var coded = GzipFrames.Encode(plain, compresses);
            if (compresses)
            {
                Interlocked.Add(ref _compressedFrom, plain.Length);
                Interlocked.Add(ref _compressedTo, coded.Bytes.Length);
            }

            return coded;
        }

        var scratch = _scratch ??= new ArrayBufferWriter<byte>(1024);
        scratch.ResetWrittenCount();
        Write(scratch, entry, kind.Form);
        var frame = new Frame(scratch.WrittenSpan.ToArray());
        if (scratch.Capacity > LargestKept)
            _scratch = null;
        return frame;
    }

    private static void Write(IBufferWriter<byte> to, TailEntry entry, WireForm form)
    {
        switch (form)
        {
            case WireForm.CloudEventsJson when entry.Gap is { } gap:
                CloudEventsJson.WriteGap(to, gap);
                break;
            case WireForm.CloudEventsJson:
                CloudEventsJson.Write(to, entry.Event!);
                break;
            case var _ when entry.Gap is { } gap:
                ControlEvents.WriteGap(to, gap);
                break;
            case WireForm.CloudEventsSse:
                CloudEventsSse.Write(to, entry.Event!);
                break;
            case WireForm.HtmlSse:
                HtmlSse.Write(to, entry.Event!);
                break;
            default:
                RawSse.Write(to, entry.Event!);
                break;
        }
    }

    private bool MayCompress(TailEntry entry)
    {
        foreach (var filter in _neverCompressed)
        {
            if (entry.Event is { } e && filter.Matches(e.Topic))
                return false;
        }

        return true;
    }
}

using BenchmarkDotNet.Attributes;
using Buffkit.Streams;
using Microsoft.Extensions.Options;

namespace Buffkit.Benchmarks;

/// <summary>An event becomes a frame: once per event and kind, whatever the number of connections.</summary>
public class EncodeBenchmarks
{
    private static readonly FrameKind Plain = new(WireForm.RawSse, ContentCoding.Identity);
    private static readonly FrameKind Gzip = new(WireForm.RawSse, ContentCoding.Gzip);

    private readonly FrameEncoder _encoder = new(Options.Create(new StreamsOptions()));
    private readonly StreamEvent _small = SampleEvents.Event(1);
    private readonly StreamEvent _large = SampleEvents.Event(1, bytes: SampleEvents.LargeBytes);

    [Benchmark]
    public int SmallEvent() => _encoder.Frame(new TailEntry(_small), Plain).Length;

    [Benchmark]
    public int LargeEvent() => _encoder.Frame(new TailEntry(_large), Plain).Length;

    /// <remarks>Under the minimum: framed, not compressed.</remarks>
    [Benchmark]
    public int SmallEventGzip() => _encoder.Frame(new TailEntry(_small), Gzip).Length;

    [Benchmark]
    public int LargeEventGzip() => _encoder.Frame(new TailEntry(_large), Gzip).Length;

    /// <remarks>What a gzip connection pays per frame: joining two checksums.</remarks>
    [Benchmark]
    public uint JoinChecksums() => Crc32Span.Empty.Then(_checksum).Crc;

    private readonly Crc32Span _checksum = Crc32Span.Of(new byte[200]);
}

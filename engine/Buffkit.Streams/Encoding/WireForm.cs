namespace Buffkit.Streams;

/// <summary>The forms in which an event is encoded, each at most once.</summary>
internal enum WireForm
{
    /// <summary>SSE whose data is the payload: <c>?format=raw</c>.</summary>
    RawSse,

    /// <summary>SSE whose data is a CloudEvent: <c>?format=cloudevents</c>.</summary>
    CloudEventsSse,

    /// <summary>SSE whose data is HTML for htmx: <c>?format=html</c>.</summary>
    HtmlSse,

    /// <summary>A CloudEvent alone: a WebSocket message, an element of a long poll's batch.</summary>
    CloudEventsJson,
}

/// <summary>How a frame's bytes are coded for the wire.</summary>
internal enum ContentCoding
{
    /// <summary>As they are.</summary>
    Identity,

    /// <summary>A piece of a gzip member's deflate stream; see <see cref="GzipFrames"/>.</summary>
    Gzip,
}

/// <summary>A form and its coding: what a connection carries.</summary>
internal readonly record struct FrameKind(WireForm Form, ContentCoding Coding)
{
    private const int Codings = 2;

    /// <summary>How many kinds there are.</summary>
    public const int Count = 4 * Codings;

    /// <summary>Place of this kind among the frames of an event.</summary>
    public int Index => ((int)Form * Codings) + (int)Coding;

    /// <summary>The same, not compressed.</summary>
    public FrameKind Plain => this with { Coding = ContentCoding.Identity };
}

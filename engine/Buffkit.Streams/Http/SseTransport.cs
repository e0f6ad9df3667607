using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Buffkit.Streams;

/// <summary>The stream as Server-Sent Events.</summary>
internal sealed class SseTransport(ConnectionRunner runner, IOptions<StreamsOptions> options)
{
    /// <summary>The media type of event streams; it is always UTF-8 and has no parameters.</summary>
    public const string MediaType = "text/event-stream";

    private const string GzipToken = "gzip";

    private readonly bool _compression = options.Value.Compression.Enabled;

    // Not async itself: each layer that waits for the whole stream would keep its state in memory per connection.
    public Task RunAsync(HttpContext http, SubscribeRequest request, Subscription subscription)
    {
        var coding = PrepareResponse(http);
        var sink = new SseSink(http.Response.BodyWriter, new FrameKind(request.Form, coding), request.HeartbeatEvents);
        return runner.RunAsync(subscription, sink, http.Abort, http.RequestAborted);
    }

    /// <summary>Answers with nothing but the last word: a native EventSource reads no status, but it reads this.</summary>
    public IResult Refuse(StreamClose close) => new LastWord(this, close);

    /// <summary>Sets the headers of a stream for this client.</summary>
    /// <returns>How its body is to be coded.</returns>
    public ContentCoding PrepareResponse(HttpContext http)
    {
        var coding = _compression && AcceptsGzip(http.Request) ? ContentCoding.Gzip : ContentCoding.Identity;
        PrepareResponse(http, coding);
        return coding;
    }

    private void PrepareResponse(HttpContext http, ContentCoding coding)
    {
        var response = http.Response;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-cache, no-store, no-transform";
        // nginx, and proxies that know its header, would otherwise collect the stream and pass it on when it ends.
        response.Headers["X-Accel-Buffering"] = "no";
        if (_compression)
            response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (coding is ContentCoding.Gzip)
            response.Headers.ContentEncoding = GzipToken;

        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // Kestrel would cut a client below 240 bytes a second; here the write time-out judges.
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    private static bool AcceptsGzip(HttpRequest request)
    {
        foreach (var coding in request.GetTypedHeaders().AcceptEncoding)
        {
            if (coding.Value.Equals(GzipToken, StringComparison.OrdinalIgnoreCase))
                return coding.Quality is not 0;
        }

        return false;
    }

    private sealed class LastWord(SseTransport transport, StreamClose close) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            transport.PrepareResponse(httpContext, ContentCoding.Identity);
            var sink = new SseSink(httpContext.Response.BodyWriter, new FrameKind(WireForm.RawSse, ContentCoding.Identity));
            sink.WriteClose(close);
            await sink.FlushAsync(httpContext.RequestAborted);
        }
    }
}

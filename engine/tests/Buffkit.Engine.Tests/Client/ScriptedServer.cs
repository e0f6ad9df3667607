using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Buffkit.Tests;

/// <summary>A server in memory: each request is answered by what a test says, and noted.</summary>
internal sealed class ScriptedServer(Func<HttpRequestMessage, int, HttpResponseMessage> answer) : HttpMessageHandler
{
    private int _count;

    public ConcurrentQueue<Request> Requests { get; } = new();

    public HttpClient Http() => new(this, disposeHandler: false) { BaseAddress = new Uri("http://events.test/"), Timeout = Timeout.InfiniteTimeSpan };

    public static HttpResponseMessage Stream(string text, BodyEnd end = BodyEnd.Complete) => Stream([Encoding.UTF8.GetBytes(text)], end);

    public static HttpResponseMessage Stream(IEnumerable<byte[]> pieces, BodyEnd end = BodyEnd.Complete) => Stream(new ScriptedBody(pieces, end));

    public static HttpResponseMessage Stream(Stream body)
    {
        // Not copied while it is asked for: the client reads the very stream.
        var content = new BodyContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    public static HttpResponseMessage Page(HttpStatusCode status) =>
        new(status) { Content = new StringContent("<html><body><h1>Bad Gateway</h1></body></html>", Encoding.UTF8, "text/html") };

    public static HttpResponseMessage NoMore() => new(HttpStatusCode.NoContent);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Requests.Enqueue(new Request(
            request.Method.Method, request.RequestUri!.PathAndQuery,
            request.Headers.ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase)));
        var response = answer(request, Interlocked.Increment(ref _count) - 1);
        response.RequestMessage = request;
        return Task.FromResult(response);
    }

    public sealed record Request(string Method, string PathAndQuery, Dictionary<string, string> Headers)
    {
        public string? LastEventId => Headers.GetValueOrDefault("Last-Event-ID");
    }

    private sealed class BodyContent(Stream body) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(body);

        protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => Task.FromResult(body);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            body.Dispose();
            base.Dispose(disposing);
        }
    }
}

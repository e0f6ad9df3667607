using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary><c>GET /events</c> and <c>GET /events/ws</c>: lets a subscriber in and hands it to its transport.</summary>
internal sealed class SubscribeEndpoint(
    StartingPointFinder starts,
    EventTail tail,
    ConnectionDrain drain,
    Admission admission,
    SseTransport sse,
    LongPollTransport longPoll,
    WebSocketTransport webSocket,
    IOptions<StreamsOptions> options)
{
    private readonly StreamsOptions _options = options.Value;

    private bool CanServe => tail.IsStarted && !drain.IsDraining;

    /// <summary>The stream, or a long poll, as the client accepts it.</summary>
    /// <remarks>Hands the request on rather than waiting for its end: what waits holds memory as long as the stream is open.</remarks>
    public Task HandleAsync(HttpContext http)
    {
        if (AcceptsOnly(http.Request, LongPollTransport.MediaType))
            return HandleAsync(http, longPoll.RunAsync);
        // A browser that is told to come back, and comes back to this server, would give up for good at an error status.
        if (Accepts(http.Request, SseTransport.MediaType))
            return CanServe ? HandleAsync(http, sse.RunAsync) : sse.Refuse(drain.Goodbye()).ExecuteAsync(http);
        return EventStreamProblems
            .Invalid("Accept", $"Ask for {SseTransport.MediaType} or {LongPollTransport.MediaType}.", StatusCodes.Status406NotAcceptable)
            .ExecuteAsync(http);
    }

    /// <summary>The stream over a WebSocket.</summary>
    public Task HandleWebSocketAsync(HttpContext http) =>
        WebSocketTransport.Refuse(http) is { } refusal ? refusal.ExecuteAsync(http) : HandleAsync(http, webSocket.RunAsync);

    private Task HandleAsync(HttpContext http, Func<HttpContext, Subscription, Task> run)
    {
        var letIn = LetInAsync(http);
        return letIn.IsCompletedSuccessfully ? RunAsync(letIn.Result) : AwaitAsync();

        async Task AwaitAsync() => await RunAsync(await letIn);

        Task RunAsync((Subscription? Subscription, IResult? Problem) answer) =>
            answer.Subscription is { } subscription ? run(http, subscription) : answer.Problem!.ExecuteAsync(http);
    }

    private async ValueTask<(Subscription? Subscription, IResult? Problem)> LetInAsync(HttpContext http)
    {
        var (request, problem) = SubscribeRequest.Read(http.Request, _options.Limits);
        if (request is null)
            return (null, problem);
        if (!CanServe)
            return (null, EventStreamProblems.Unavailable("This server is starting or shutting down; connect again.", _options.Retry.Min));

        var admitted = await admission.SubscribeAsync(http, request.Filters);
        if (admitted.Session is not { } session)
            return (null, admitted.Problem ?? Answer(http, admitted.Refusal!));

        var start = await starts.FindAsync(request, http.RequestAborted);
        return request.IsStrict && start.Gaps.Any(gap => gap.Reason is not GapReason.Evicted)
            ? (null, EventStreamProblems.Invalid("after", SubscribeRequest.NotIssued))
            : (new Subscription(request, start, session), null);
    }

    // A browser's EventSource would give up for good at an error status.
    private IResult Answer(HttpContext http, Refusal refusal) =>
        BrowserRequest.Is(http.Request) && !http.WebSockets.IsWebSocketRequest && !AcceptsOnly(http.Request, LongPollTransport.MediaType)
            ? sse.Refuse(refusal.ToClose())
            : refusal.ToProblem();

    private static bool Accepts(HttpRequest request, string mediaType)
    {
        var accept = request.GetTypedHeaders().Accept;
        return accept.Count == 0 || accept.Any(range =>
            range.Quality is not 0 && (range.MatchesAllTypes || range.MatchesMediaType(mediaType)));
    }

    private static bool AcceptsOnly(HttpRequest request, string mediaType)
    {
        var accept = request.GetTypedHeaders().Accept;
        return accept.Any(range => range.Quality is not 0 && range.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
            && !accept.Any(range => range.Quality is not 0 && range.MediaType.Equals(SseTransport.MediaType, StringComparison.OrdinalIgnoreCase));
    }
}

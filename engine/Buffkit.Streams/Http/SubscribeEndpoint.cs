using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary><c>GET /events</c> and <c>GET /events/ws</c>: lets a subscriber in and hands it to its transport.</summary>
internal sealed class SubscribeEndpoint(
    StartingPointFinder starts,
    EventTail tail,
    ConnectionDrain drain,
    Admission admission,
    SessionPace pace,
    SseTransport sse,
    LongPollTransport longPoll,
    WebSocketTransport webSocket,
    IOptions<StreamsOptions> options)
{
    private readonly StreamsOptions _options = options.Value;

    private bool CanServe => tail.IsStarted && !drain.IsDraining;

    /// <summary>The stream, or a long poll, as the client accepts it; to <c>HEAD</c> the same answer without either.</summary>
    /// <remarks>Hands the request on rather than waiting for its end: what waits holds memory as long as the stream is open.</remarks>
    public Task HandleAsync(HttpContext http)
    {
        switch (Choose(http.Request))
        {
            case LongPollTransport.MediaType:
                return LongPollTransport.Refuse(http.Request) is { } refusal ? refusal.ExecuteAsync(http) : HandleAsync(http, StreamTransport.LongPoll, longPoll.RunAsync);
            case SseTransport.MediaType:
                // A browser that is told to come back, and comes back to this server, would give up for good at an error status.
                return CanServe ? HandleAsync(http, StreamTransport.Sse, sse.RunAsync) : sse.Refuse(drain.Goodbye()).ExecuteAsync(http);
            default:
                return EventStreamProblems
                    .Invalid("Accept", $"Ask for {SseTransport.MediaType} or {LongPollTransport.MediaType}.", StatusCodes.Status406NotAcceptable)
                    .ExecuteAsync(http);
        }
    }

    /// <summary>The stream over a WebSocket.</summary>
    public Task HandleWebSocketAsync(HttpContext http) =>
        WebSocketTransport.Refuse(http) is { } refusal ? refusal.ExecuteAsync(http) : HandleAsync(http, StreamTransport.WebSocket, webSocket.RunAsync);

    private Task HandleAsync(HttpContext http, StreamTransport transport, Func<HttpContext, SubscribeRequest, Subscription, Task> run)
    {
        if (HttpMethods.IsHead(http.Request.Method))
            return HeadAsync(http);
        var letIn = LetInAsync(http, transport);
        return letIn.IsCompletedSuccessfully ? RunAsync(letIn.Result) : AwaitAsync();

        async Task AwaitAsync() => await RunAsync(await letIn);

        Task RunAsync((SubscribeRequest? Request, Subscription? Subscription, IResult? Problem) answer) =>
            answer.Subscription is { } subscription ? run(http, answer.Request!, subscription) : answer.Problem!.ExecuteAsync(http);
    }

    private async ValueTask<(SubscribeRequest? Request, Subscription? Subscription, IResult? Problem)> LetInAsync(HttpContext http, StreamTransport transport)
    {
        var (request, problem) = Read(http.Request);
        if (request is null)
            return (null, null, problem);

        var admitted = await admission.SubscribeAsync(http, request.Filters);
        if (admitted.Session is not { } session)
            return (null, null, Answer(http, admitted));

        var start = await starts.FindAsync(request.Start, request.Filters, http.RequestAborted);
        return (request, new Subscription(request.Filters, start, Caller(session, request, transport, start), pace.DrawRetry(session.Id)), null);
    }

    private static ConnectionCaller Caller(Session session, SubscribeRequest request, StreamTransport transport, StartingPoint start) => new()
    {
        Session = session.Id,
        TraceId = Activity.Current?.TraceId.ToString(),
        AddressPool = session.AddressPool,
        Subject = session.Subject,
        ShowedCredentials = session.ShowedCredentials,
        CredentialsShown = session.CredentialsShown,
        AuthenticatedUntil = session.AuthenticatedUntil,
        IsReturning = session.IsReturning,
        Resumes = request.LastEventId is not null,
        Transport = transport,
        Outcome = Outcome(request.Start, start),
    };

    // A cursor of an earlier epoch that the tail still holds is followed to the gap, which is told there.
    internal static StreamOutcome Outcome(WantedStart wanted, StartingPoint start) =>
        start.Gap is not null || (wanted.Sent is not null && !start.Recovered) ? StreamOutcome.Gap
        : wanted.Sent is not null ? StreamOutcome.Recovered
        : StreamOutcome.New;

    // Neither a place among the connections nor the session's next token is taken: what asks so wants to know, not to read.
    private async Task HeadAsync(HttpContext http)
    {
        var (request, problem) = Read(http.Request);
        if (request is not null)
            problem = await RefuseAsync(http, request);
        if (problem is not null)
            await problem.ExecuteAsync(http);
        else if (Choose(http.Request) is LongPollTransport.MediaType)
            LongPollTransport.PrepareResponse(http.Response);
        else
            sse.PrepareResponse(http);
    }

    private (SubscribeRequest? Request, IResult? Problem) Read(HttpRequest request)
    {
        var (read, problem) = SubscribeRequest.Read(request, _options.Limits);
        return read is null || CanServe
            ? (read, problem)
            : (null, EventStreamProblems.Unavailable("This server is starting or shutting down; connect again.", _options.Retry.Min));
    }

    private async ValueTask<IResult?> RefuseAsync(HttpContext http, SubscribeRequest request)
    {
        var admitted = await admission.RecognizeAsync(http, RateKind.Connect);
        if (admitted.Session is not { } session)
            return Answer(http, admitted);
        foreach (var filter in request.Filters)
        {
            if (await admission.RefuseAsync(http, session, TopicOperation.Subscribe, filter) is { } problem)
                return Answer(http, new Admitted(null, problem));
        }

        return null;
    }

    private IResult Answer(HttpContext http, Admitted admitted)
    {
        if (ReadsNoStatus(http) && (admitted.Refusal?.ToClose() ?? AccessProblems.ToClose(admitted.Problem)) is { } close)
            return sse.Refuse(close);
        return admitted.Problem ?? admitted.Refusal!.ToProblem();
    }

    // A browser's EventSource, and those of other platforms that behave like it, would give up for good at an error status.
    private static bool ReadsNoStatus(HttpContext http) =>
        !http.WebSockets.IsWebSocketRequest
        && Choose(http.Request) is SseTransport.MediaType
        && (BrowserRequest.Is(http.Request) || AcceptHeader.IsExactly(http.Request, SseTransport.MediaType));

    private static string? Choose(HttpRequest request) => AcceptHeader.Choose(request, SseTransport.MediaType, LongPollTransport.MediaType);
}

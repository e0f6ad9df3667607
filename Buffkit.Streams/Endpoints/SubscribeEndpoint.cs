using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary><c>GET /events</c>: the stream.</summary>
internal sealed partial class SubscribeEndpoint(
    IEventLog log,
    EventTail tail,
    ConnectionSet connections,
    ConnectionDrain drain,
    StreamsMetrics metrics,
    IOptions<StreamsOptions> options,
    TimeProvider time,
    ILogger<SubscribeEndpoint> logger)
{
    private readonly StreamsOptions _options = options.Value;

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        if (!AcceptsEventStream(http.Request))
        {
            return EventStreamProblems.Invalid(
                "Accept", "This is an event stream; ask for text/event-stream.", StatusCodes.Status406NotAcceptable);
        }

        var (request, problem) = SubscribeRequest.Read(http.Request, _options.Limits);
        if (request is null)
            return problem!;
        if (drain.IsDraining)
            return EventStreamProblems.Unavailable("This server is shutting down; connect again.", _options.Retry.Min);

        var start = StartingPoint.Find(request.LastEventId ?? request.After?.ToString(), request.After, log.State);
        if (request.IsStrict && start.Gap is { Reason: not GapReason.Evicted })
            return EventStreamProblems.Invalid("after", SubscribeRequest.NotIssued);

        await StreamAsync(http, request, start);
        return TypedResults.Empty;
    }

    private async Task StreamAsync(HttpContext http, SubscribeRequest request, StartingPoint start)
    {
        PrepareResponse(http);
        var sink = new SseSink(http.Response.BodyWriter, WireForm.RawSse);
        var connection = new Connection(request.Filters, start.Cursor, tail, log, _options.Delivery, metrics, time) { Abort = http.Abort };
        connections.Add(connection);
        try
        {
            // One that came while the drain walked the connections would be missed by it.
            if (drain.IsDraining)
                connection.RequestClose(CloseReason.Drain, _options.Retry.Draw());

            var replayed = start.Recovered ? await connection.CountWaitingAsync(http.RequestAborted) : 0;
            var session = SessionId.New().ToString();
            WriteBeginning(sink, start, new StreamOpen(session, start.Cursor, start.Recovered, replayed, log.State.Latest));
            Log.Opened(logger, session, request.Filters.Count, start.Recovered, replayed);
            await connection.RunAsync(sink, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left: the ordinary end of a stream.
        }
        finally
        {
            connections.Remove(connection);
        }
    }

    private void WriteBeginning(SseSink sink, StartingPoint start, StreamOpen open)
    {
        sink.WriteControl(_options.Retry.Draw(), SseField.Retry);
        sink.WriteControl(open, ControlEvents.WriteOpen);
        if (start.Gap is { } gap)
        {
            metrics.GapOnConnect(gap.Reason);
            sink.WriteControl(gap, ControlEvents.WriteGap);
        }
    }

    private static void PrepareResponse(HttpContext http)
    {
        var response = http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store, no-transform";
        // nginx and what speaks its language would otherwise collect the stream and pass it on when it ends.
        response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // Kestrel would cut a client below 240 bytes a second; here the write time-out judges.
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    private static bool AcceptsEventStream(HttpRequest request)
    {
        var accept = request.GetTypedHeaders().Accept;
        return accept.Count == 0 || accept.Any(range =>
            range.Quality is not 0 && (range.MatchesMediaType("text/event-stream") || range.MatchesAllTypes));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Stream opened for session {Session}: {Filters} filters, recovered {Recovered}, {Replayed} to replay.")]
        public static partial void Opened(ILogger logger, string session, int filters, bool recovered, long? replayed);
    }
}

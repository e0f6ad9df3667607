using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Buffkit.Streams;

/// <summary>One long poll: what waits, or what comes first within the client's time, as a batch of CloudEvents.</summary>
internal sealed class LongPollTransport(ConnectionRunner runner, SharedPages shared, TimeProvider time)
{
    /// <summary>The media type of batches (CloudEvents JSON format, section 4).</summary>
    public const string MediaType = "application/cloudevents-batch+json";

    // Proxies commonly cut a request that is not answered within 60 seconds.
    private const int MaxWaitSeconds = 55;
    private const int DefaultWaitSeconds = 30;

    /// <summary>Looks at what only a poll asks for, before it takes a place among the connections.</summary>
    /// <returns>What is wrong with it.</returns>
    public static IResult? Refuse(HttpRequest request) =>
        ReadWait(request) is null ? EventStreamProblems.Invalid("wait", $"Say how many seconds to wait, 0 to {MaxWaitSeconds}.") : null;

    /// <summary>Answers a request that <see cref="Refuse"/> let pass.</summary>
    public async Task RunAsync(HttpContext http, SubscribeRequest request, Subscription subscription)
    {
        var sink = new BatchSink();
        using var waited = new CancellationTokenSource(ReadWait(http.Request)!.Value, time);
        EventId cursor;
        try
        {
            cursor = await runner.PollAsync(subscription, sink, waited.Token, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        PrepareResponse(http.Response);
        http.Response.Headers.Link = $"<{Next(http.Request, cursor)}>; rel=\"next\"";
        if (await shared.MarkAsync(http, request, subscription, sink, cursor))
            return;
        await TypedResults.Bytes(sink.Complete(), MediaType).ExecuteAsync(http);
    }

    /// <summary>Sets the headers of every answer to a poll.</summary>
    public static void PrepareResponse(HttpResponse response)
    {
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
    }

    private static TimeSpan? ReadWait(HttpRequest request)
    {
        var seconds = DefaultWaitSeconds;
        return !request.Query.TryGetValue("wait", out var text)
            || (int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= MaxWaitSeconds)
                ? TimeSpan.FromSeconds(seconds)
                : null;
    }

    // Relative to the request: a proxy may have put a prefix before the path, so the path that the client sees is not known here.
    private static string Next(HttpRequest request, EventId cursor)
    {
        var query = new QueryBuilder();
        foreach (var (name, values) in request.Query)
        {
            if (!SubscribeRequest.IsCursor(name))
                query.Add(name, values.Select(value => value ?? ""));
        }

        query.Add("after", cursor.ToString());
        return query.ToQueryString().ToString();
    }
}

using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary><c>POST /events</c>: publish. <c>202</c> once the log holds the events.</summary>
internal sealed class PublishEndpoint(EventPublisher publisher, IOptions<StreamsOptions> options)
{
    private static readonly TimeSpan UnavailableRetry = TimeSpan.FromSeconds(2);

    private readonly LimitsOptions _limits = options.Value.Limits;

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        if (!http.Request.HasJsonContentType())
        {
            return EventStreamProblems.Invalid(
                "Content-Type", "Send application/json: an event or an array of events.", StatusCodes.Status415UnsupportedMediaType);
        }

        var cancellationToken = http.RequestAborted;
        var body = await ReadBodyAsync(http.Request, cancellationToken);
        if (body is null)
            return TooLarge("body", $"The body has more than {_limits.BodyBytes} bytes (Streams:Limits:BodyBytes).");

        var publish = PublishJson.Read(body, _limits);
        if (publish.Problem is { } problem)
            return problem;

        var result = await publisher.TryPublishAsync(publish.Drafts, cancellationToken);
        if (result.Status is not AppendStatus.Appended)
            return EventStreamProblems.Unavailable("The event log is unavailable; the events were not accepted. Publish them again.", UnavailableRetry);
        return publish.IsArray
            ? TypedResults.Accepted((string?)null, new PublishedMany(result.Ids.Select(id => id.ToString())))
            : TypedResults.Accepted((string?)null, new PublishedOne(result.Ids[0].ToString()));
    }

    /// <summary>A payload or body over its limit.</summary>
    public static ProblemHttpResult TooLarge(string field, string error) =>
        EventStreamProblems.Invalid(field, error, StatusCodes.Status413PayloadTooLarge);

    private async ValueTask<byte[]?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var limit = _limits.BodyBytes == 0 ? int.MaxValue : _limits.BodyBytes;
        if (request.ContentLength > limit)
            return null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > limit)
            {
                // Taken, though not wanted: what is left half-read would cost the client its connection.
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}

/// <summary>The answer to one published event.</summary>
/// <param name="Id">The id that the log gave it.</param>
internal sealed record PublishedOne(string Id);

/// <summary>The answer to an array of published events.</summary>
/// <param name="Ids">One id per event, in order.</param>
internal sealed record PublishedMany(IEnumerable<string> Ids);

using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Takes in the bodies of publish calls: each up to a size and within a time, and all that are held at once, of one address and
/// together, within a number of bytes. A client that sends slowly, or expands little to much, costs no more than that.
/// </summary>
internal sealed class PublishBodyReader(IOptions<StreamsOptions> options, TimeProvider time, SecurityMetrics metrics)
{
    // Bodies leave within milliseconds, unless somebody is slow.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly LimitsOptions _limits = options.Value.Limits;
    private readonly SecurityMetrics _metrics = metrics;
    private readonly ByteBudget _held = new(options.Value.Limits.BodyBytesInFlight, options.Value.Limits.BodyBytesInFlightPerAddress);

    /// <summary>Addresses whose bodies are held.</summary>
    public int Addresses => _held.Addresses;

    /// <summary>Reads a body and takes its content coding off. It counts as held until the response is complete.</summary>
    /// <returns>The body, or the answer where it is not taken.</returns>
    public async ValueTask<(byte[] Body, IResult? Problem)> ReadAsync(HttpContext http, Session session)
    {
        AllowBodySize(http);
        var limit = _limits.BodyBytes == 0 ? int.MaxValue : _limits.BodyBytes;
        if (http.Request.ContentLength > limit)
            return ([], TooLarge());

        var share = new Share(this, session.AddressPool);
        http.Response.RegisterForDispose(share);
        var reader = http.Request.BodyReader;
        // Most bodies are there at once, and need no clock.
        CancellationTokenSource? deadline = null;
        CancellationTokenSource? either = null;
        try
        {
            while (true)
            {
                if (!reader.TryRead(out var read))
                {
                    if (either is null && _limits.BodyTimeout > TimeSpan.Zero)
                    {
                        deadline = new CancellationTokenSource(_limits.BodyTimeout, time);
                        either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, http.RequestAborted);
                    }

                    read = await reader.ReadAsync(either?.Token ?? http.RequestAborted);
                }

                if (read.Buffer.Length > limit)
                {
                    // Taken, though not wanted: what is left half-read would cost the client its connection.
                    reader.AdvanceTo(read.Buffer.End);
                    return ([], TooLarge());
                }

                if (share.Grow(read.Buffer.Length) is { } full)
                {
                    reader.AdvanceTo(read.Buffer.End);
                    return ([], full);
                }

                if (read.IsCompleted)
                {
                    var body = read.Buffer.ToArray();
                    reader.AdvanceTo(read.Buffer.End);
                    return Decode(http.Request, body, share);
                }

                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (BadHttpRequestException e) when (e.StatusCode is StatusCodes.Status413PayloadTooLarge)
        {
            return ([], TooLarge());
        }
        catch (OperationCanceledException) when (deadline is { IsCancellationRequested: true } && !http.RequestAborted.IsCancellationRequested)
        {
            _metrics.Refused(Refusal.Body);
            // The rest of it is not waited for.
            http.Response.Headers.Connection = "close";
            return ([], EventStreamProblems.Invalid(
                "body",
                $"The body did not come within {_limits.BodyTimeout.TotalSeconds:0.#} seconds (Streams:Limits:BodyTimeout).",
                StatusCodes.Status408RequestTimeout));
        }
        finally
        {
            either?.Dispose();
            deadline?.Dispose();
        }
    }

    // One body at a time and thread is being expanded, none waits meanwhile; what it is afterwards is held as it is.
    private (byte[] Body, IResult? Problem) Decode(HttpRequest request, byte[] body, Share share)
    {
        var (decoded, problem) = PublishContentCoding.Decode(request, body, _limits);
        if (problem is not null || ReferenceEquals(decoded, body))
            return (decoded, problem);
        return share.Grow(body.Length + (long)decoded.Length) is { } full ? ([], full) : (decoded, null);
    }

    // The server's own limit would answer without saying which setting.
    private void AllowBodySize(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false, MaxRequestBodySize: { } allowed } bodySize
            && (_limits.BodyBytes == 0 || _limits.BodyBytes >= allowed))
        {
            bodySize.MaxRequestBodySize = _limits.BodyBytes == 0 ? null : _limits.BodyBytes + 1L;
        }
    }

    private ProblemHttpResult TooLarge() =>
        EventStreamProblems.TooLarge("body", $"The body has more than {_limits.BodyBytes} bytes (Streams:Limits:BodyBytes).");

    /// <summary>What one call holds.</summary>
    private sealed class Share(PublishBodyReader bodies, string network) : IDisposable
    {
        private long _bytes;

        /// <summary>Holds so many bytes in all.</summary>
        /// <returns>The answer where there is no room.</returns>
        public IResult? Grow(long bytes)
        {
            var answer = bodies._held.TryAdd(network, bytes - _bytes);
            if (answer is ByteBudget.Answer.Held)
            {
                _bytes = bytes;
                return null;
            }

            // What came of the body is given up with it.
            Dispose();
            bodies._metrics.Refused(Refusal.Body);
            return answer is ByteBudget.Answer.AddressFull
                ? EventStreamProblems.RetryLater(
                    $"The bodies that are on their way from this address have as many bytes as they may (Streams:Limits:{nameof(LimitsOptions.BodyBytesInFlightPerAddress)}).",
                    StatusCodes.Status429TooManyRequests,
                    RetryAfter)
                : EventStreamProblems.Unavailable(
                    $"The bodies that are on their way to this server have as many bytes as they may (Streams:Limits:{nameof(LimitsOptions.BodyBytesInFlight)}).",
                    RetryAfter);
        }

        public void Dispose()
        {
            bodies._held.Remove(network, _bytes);
            _bytes = 0;
        }
    }
}

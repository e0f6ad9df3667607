using System.Net.Sockets;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>Reads an answer that is not what was asked for.</summary>
internal static class Refusals
{
    private const int LongestProblem = 8 * 1024;
    private const int LongestText = 300;

    // Of a body that stalls the status is enough; the detail is a kindness.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    public static async ValueTask<NoStreamException> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var wait = RetryAfter.Read(response.Headers.RetryAfter, response.Headers.Date, time.GetUtcNow());
        using var patience = new SignsOfLife(LongestWait, LongestWait, time, cancellationToken);
        var detail = ".";
        try
        {
            detail = await patience.WaitAsync(DetailAsync(response, patience.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It stalls.
        }

        return new NoStreamException($"The server answered {status}{detail}", status, wait);
    }

    /// <summary>What problem+json says (RFC 9457). Of other bodies nothing: an error page helps nobody in an exception.</summary>
    private static async ValueTask<string> DetailAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!MediaTypes.Is(response.Content.Headers.ContentType?.MediaType, "application/problem+json"))
            return ".";
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var buffer = new byte[LongestProblem];
                var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                using var problem = JsonDocument.Parse(buffer.AsMemory(0, length));
                var texts = new List<string>();
                foreach (var name in (string[])["title", "detail", "errors"])
                {
                    if (problem.RootElement.TryGetProperty(name, out var value))
                        texts.Add(value.ToString());
                }

                var text = string.Join(' ', texts);
                return $": {(text.Length > LongestText ? text[..LongestText] : text)}";
            }
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidDataException or HttpRequestException or SocketException or InvalidOperationException)
        {
            return ".";
        }
    }
}

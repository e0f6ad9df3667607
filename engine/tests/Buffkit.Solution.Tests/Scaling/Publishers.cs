using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>Publishes numbers to several nodes at once and notes which of them got an id.</summary>
/// <param name="nodes">Where.</param>
/// <param name="topic">What.</param>
/// <param name="firstNode">Nodes before this one are spared.</param>
internal sealed class Publishers(ApiNodes nodes, string topic, int firstNode = 0)
{
    private readonly ConcurrentDictionary<string, int> _accepted = new(StringComparer.Ordinal);
    private int _refused;
    private int _next;

    /// <summary>Id to number, of every event that the log said it holds.</summary>
    public IReadOnlyDictionary<string, int> Accepted => _accepted;

    /// <summary>Answers that were not an id: 503, or no answer at all.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Numbers taken so far.</summary>
    public int Taken => Volatile.Read(ref _next);

    /// <summary>Publishes numbers up to a total, one event a request, retried with its idempotency key until the log holds it.</summary>
    public Task RunAsync(int total, int publishers = 12) =>
        Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => PublishAsync(nodes[firstNode + (publisher % (nodes.Count - firstNode))].Http, total)));

    private async Task PublishAsync(HttpClient http, int total)
    {
        while (true)
        {
            var number = Interlocked.Increment(ref _next) - 1;
            if (number >= total)
                return;
            string? id;
            while ((id = await TryPublishAsync(http, number)) is null)
                Interlocked.Increment(ref _refused);
            Assert.True(_accepted.TryAdd(id, number), $"The id {id} was given twice.");
        }
    }

    private async Task<string?> TryPublishAsync(HttpClient http, int number)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "events")
        {
            Content = JsonContent.Create(new { topic, type = "n", data = number }),
            Headers = { { "Idempotency-Key", $"{topic}-{number}" } },
        };
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable)
        {
            Assert.NotNull(response.Headers.RetryAfter);
            return null;
        }

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString();
    }
}

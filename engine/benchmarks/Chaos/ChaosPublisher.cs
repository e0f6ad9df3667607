using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Client;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>Publishes and orders until the round is over; whatever it began it repeats until it is answered.</summary>
internal sealed class ChaosPublisher(string name, Uri address, Random random) : IDisposable
{
    private const int LargestText = 3_000;
    private const int LargestBatch = 8;

    // Then it takes its time, so that a round that lasts does not outrun what the log holds.
    private const int MostAtOnce = 150;
    private const int LongPause = 200;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _http = new(EventStreamClient.CreateHandler()) { BaseAddress = address };
    private int _number;

    /// <summary>Events, one or several at a time.</summary>
    public async Task<IReadOnlyList<ChaosAccepted>> PublishAsync(CancellationToken enough, CancellationToken cancellationToken)
    {
        using var client = new EventStreamClient(_http, new EventStreamClientOptions
        {
            PublishTimeout = Longest,
            PublishAttemptTimeout = Attempt,
            BackoffStart = TimeSpan.FromMilliseconds(20),
            BackoffMax = TimeSpan.FromMilliseconds(300),
        });
        var accepted = new List<ChaosAccepted>();
        do
        {
            // The numbers that say who comes before whom stand first.
            var texts = Enumerable.Range(0, random.Next(4) == 0 ? random.Next(1, LargestBatch) : 1)
                .Select(_ => $"{name}:{_number++}:{new string((char)('a' + random.Next(26)), random.Next(8) == 0 ? random.Next(LargestText) : 10)}").ToArray();
            var ids = await client.PublishAsync([.. texts.Select(text => EventToPublish.PlainText($"chaos/{name}", "text", text))], cancellationToken: cancellationToken);
            for (var i = 0; i < texts.Length; i++)
            {
                if (!EventId.TryParse(ids[i], out var id))
                    throw new InvalidDataException($"A publisher was given the id '{ids[i]}'.");
                accepted.Add(new ChaosAccepted(id, texts[i]));
            }

            await PauseAsync(_number < MostAtOnce ? random.Next(20) : LongPause, cancellationToken);
        }
        while (!enough.IsCancellationRequested);
        return accepted;
    }

    /// <summary>Orders, each a row and an event in one transaction.</summary>
    public async Task OrderAsync(CancellationToken enough, CancellationToken cancellationToken)
    {
        do
        {
            var key = Guid.NewGuid().ToString("N");
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Longest);
            while (!await TryOrderAsync(key, patience.Token))
                await PauseAsync((int)Pause.TotalMilliseconds, patience.Token);
            await PauseAsync(_number++ < MostAtOnce ? random.Next(40) : LongPause, cancellationToken);
        }
        while (!enough.IsCancellationRequested);
    }

    public void Dispose() => _http.Dispose();

    private static Task PauseAsync(int milliseconds, CancellationToken cancellationToken) => Task.Delay(milliseconds, cancellationToken);

    private async Task<bool> TryOrderAsync(string key, CancellationToken patience)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(patience);
        attempt.CancelAfter(Attempt);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "orders")
            {
                Content = JsonContent.Create(new { customer = name, item = "Espresso" }),
                Headers = { { "Idempotency-Key", key } },
            };
            using var response = await _http.SendAsync(request, attempt.Token);
            if (response.StatusCode is HttpStatusCode.Created)
            {
                await response.Content.ReadFromJsonAsync<JsonElement>(attempt.Token);
                return true;
            }

            // What a server says while something is away, and what the network's moods say. Everything else is a fault of ours.
            return (int)response.StatusCode is >= 500 or 429 or 200
                ? false
                : throw new InvalidDataException($"An order was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(attempt.Token)}");
        }
        catch (Exception e) when (ChaosNetwork.IsFailure(e, patience) || e is JsonException)
        {
            return false;
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Buffkit.Benchmarks;

/// <summary>The plain server's clients, each with a channel.</summary>
internal sealed class PlainClients
{
    // A slow client loses the oldest rather than hold up the others: the usual choice, and what a bound has to mean here.
    private static readonly BoundedChannelOptions Bounded = new(1_000)
    {
        FullMode = BoundedChannelFullMode.DropOldest,
        SingleReader = true,
    };

    private readonly ConcurrentDictionary<Channel<SseItem<string>>, bool> _clients = new();
    private long _lastId;

    public void Publish(PlainEvent published)
    {
        var id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        var item = new SseItem<string>(published.Data, published.Type) { EventId = id };
        foreach (var (client, _) in _clients)
            client.Writer.TryWrite(item);
    }

    public async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<SseItem<string>>(Bounded);
        _clients.TryAdd(channel, true);
        try
        {
            // The head leaves with the first item, and a client counts as subscribed from the head on.
            yield return new SseItem<string>("", "open");
            await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
                yield return item;
        }
        finally
        {
            _clients.TryRemove(channel, out _);
        }
    }
}

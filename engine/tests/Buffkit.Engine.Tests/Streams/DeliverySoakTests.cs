using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>
/// Two hundred connections, fifty per policy, and fifty thousand events: readers that are cut at random and resume, readers
/// that are slower than the publisher, and one that stops reading until all is published, so that its policy applies however
/// fast the machine is. Each connection's sequence is whole, or the hole was announced.
/// </summary>
public sealed class DeliverySoakTests
{
    private const int Events = 50_000;
    private const int Keys = 10;
    private const int Connections = 50;
    private const int BatchSize = 50;

    // All events together are more than the sockets' buffers hold on any system.
    private static readonly string Type = "test".PadRight(EventType.MaxLength, '.');

    [Theory]
    [InlineData(DeliveryPolicy.CatchUp)]
    [InlineData(DeliveryPolicy.Skip)]
    [InlineData(DeliveryPolicy.Conflate)]
    [InlineData(DeliveryPolicy.Disconnect)]
    public async Task Delivery_CutsAndSlowReaders_SequencesAreExactOrGapsAreAnnounced(DeliveryPolicy policy)
    {
        await using var server = await StreamsServer.StartAsync(new()
        {
            ["Streams:Delivery:Policy"] = policy.ToString(),
            ["Streams:Delivery:MaxPendingBytes"] = "32768",
            ["Streams:Delivery:Patience"] = "00:00:00",
            ["Streams:Delivery:MaxBatchBytes"] = "8192",
            ["Streams:Tail:Capacity"] = "1024",
        });
        var published = new Progress();
        var readers = Enumerable.Range(0, Connections).Select(seed => new Reader(server, policy, seed, published)).ToArray();
        var running = readers.Select(reader => reader.RunAsync()).ToArray();
        foreach (var reader in readers)
            await reader.Connected.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        await PublishAsync(server, published);
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);

        if (policy is DeliveryPolicy.CatchUp)
            Assert.All(readers, reader => Assert.Equal((Events, 0), (reader.Count, reader.Gaps)));
        if (policy is DeliveryPolicy.Skip)
            Assert.Contains(readers, reader => reader.Gaps > 0);
        if (policy is DeliveryPolicy.Disconnect)
            Assert.Contains(readers, reader => reader.Closes > 0);
        if (policy is DeliveryPolicy.Conflate)
            Assert.Contains(readers, reader => reader.Count < Events);
    }

    private static async Task PublishAsync(StreamsServer server, Progress published)
    {
        var topic = Topic.Parse("soak/all");
        for (var from = 1; from <= Events; from += BatchSize)
        {
            var batch = Enumerable.Range(from, BatchSize)
                .Select(n => EventDraft.Json(topic, Type, n, key: (n % Keys).ToString(CultureInfo.InvariantCulture)))
                .ToArray();
            await server.Publisher.TryPublishAsync(batch, cancellationToken: TestContext.Current.CancellationToken);
            published.Report();
            await Task.Yield();
        }

        published.Complete();
    }

    /// <summary>Lets slow readers go on in step with the publisher, not with a clock.</summary>
    private sealed class Progress
    {
        private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _complete;

        public Task AllAsync() => _all.Task;

        public void Report() =>
            Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

        public void Complete()
        {
            _complete = true;
            Report();
            _all.SetResult();
        }

        public Task NextAsync()
        {
            var next = Volatile.Read(ref _next).Task;
            return _complete ? Task.CompletedTask : next;
        }
    }

    private sealed class Reader(StreamsServer server, DeliveryPolicy policy, int seed, Progress published)
    {
        private readonly Random _random = new(seed);
        private readonly int[] _newestOfKey = new int[Keys];
        private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _last;
        private bool _gapAnnounced;

        public Task Connected => _connected.Task;

        public int Count { get; private set; }

        public int Gaps { get; private set; }

        public int Closes { get; private set; }

        private bool IsStalled => seed == 0;

        private bool IsSlow => seed % 5 == 0;

        public async Task RunAsync()
        {
            string? cursor = null;
            while (_last < Events)
            {
                using var client = await FastStreamClient.ConnectAsync(server.Address, "?topic=soak/**", cursor, IsSlow ? 4_096 : 64 * 1024);
                var cutAfter = IsStalled ? Events : _random.Next(500, 20_000);
                var from = Count;
                while (await ReadAsync(client, cutAfter + from))
                {
                    if (IsStalled)
                        await published.AllAsync();
                    else if (IsSlow)
                        await published.NextAsync();
                }

                cursor = client.LastEventId is { Length: > 0 } id ? id : cursor;
                client.Cut();
            }

            if (policy is DeliveryPolicy.Skip)
                return;
            // Whatever conflation left out, the newest of every key is there.
            for (var n = Events - Keys + 1; n <= Events; n++)
                Assert.Equal(n, _newestOfKey[n % Keys]);
        }

        private async Task<bool> ReadAsync(FastStreamClient client, int cutAt)
        {
            try
            {
                return await client.ReadAsync(Receive) && Count < cutAt && _last < Events;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        private bool Receive(Received received)
        {
            switch (received.Kind)
            {
                case ReceivedKind.Open:
                    _connected.TrySetResult();
                    break;
                case ReceivedKind.Gap:
                    Gaps++;
                    _gapAnnounced = true;
                    Assert.Equal("limit", JsonDocument.Parse(received.Json!).RootElement.GetProperty("reason").GetString());
                    break;
                case ReceivedKind.Close:
                    Closes++;
                    Assert.Equal("slow", JsonDocument.Parse(received.Json!).RootElement.GetProperty("reason").GetString());
                    break;
                default:
                    Check(received.Number);
                    break;
            }

            return true;
        }

        private void Check(int number)
        {
            if (number <= _last)
                return;
            if (policy is not DeliveryPolicy.Conflate)
                Assert.True(number == _last + 1 || _gapAnnounced, $"{policy} {seed}: {_last} was followed by {number} without a gap.");
            _gapAnnounced = false;
            _newestOfKey[number % Keys] = number;
            _last = number;
            Count++;
        }
    }
}

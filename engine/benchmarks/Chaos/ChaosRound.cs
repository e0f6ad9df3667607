using System.Diagnostics;
using System.Net.Http.Json;
using Buffkit.Api;
using Buffkit.Client;

namespace Buffkit.Benchmarks;

/// <summary>
/// One round: publishers publish while one or two faults befall a system; when all is well again each client must have everything, once and in
/// order. All that is drawn is drawn by the round's own seed.
/// </summary>
internal sealed class ChaosRound(ChaosSystem system, int seed)
{
    private const int Publishers = 2;
    private const int MostJoiners = 2;
    private const int RoundsBack = 8;
    private const int OrdersOfAPage = 500;

    /// <summary>How long after the last fault something may be missing before it counts as lost.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly EventStreamTransport[] Transports = Enum.GetValues<EventStreamTransport>();

    private readonly Random _random = new(seed);

    public async Task<ChaosResult> RunAsync(CancellationToken cancellationToken)
    {
        var faults = DrawFaults();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var customer = new ChaosPublisher("customer", system.Proxy.Address, Next());
        var publishers = Enumerable.Range(0, Publishers).Select(n => new ChaosPublisher($"p{seed}-{n}", system.Proxy.Address, Next())).ToArray();
        var joiners = new List<(ChaosClient Client, IReadOnlyList<ChaosPast> Missed)>();
        try
        {
            var publishing = publishers.Select(publisher => publisher.PublishAsync(enough.Token, cancellationToken)).ToArray();
            var ordering = customer.OrderAsync(enough.Token, cancellationToken);
            var joining = JoinAsync(joiners, Next(), cancellationToken);
            await Task.Delay(_random.Next(50, 300), cancellationToken);
            await Task.WhenAll(faults.Select(fault => fault.RunAsync(system, Next(), cancellationToken)));
            var healed = Stopwatch.GetTimestamp();
            await Task.Delay(_random.Next(50, 200), cancellationToken);
            await enough.CancelAsync();
            var accepted = (await Task.WhenAll(publishing)).SelectMany(list => list).ToList();
            await ordering;
            await joining;
            if (system.Redis is { } redis)
                await redis.SettleAsync(cancellationToken);
            await system.SettleAsync(cancellationToken);

            using var last = new ChaosPublisher($"p{seed}-last", system.Proxy.Address, Next());
            accepted.AddRange(await last.PublishAsync(enough.Token, cancellationToken));
            var truth = new ChaosTruth(accepted, await OrdersAsync(cancellationToken), faults.Any(fault => fault.MayLose));
            return await JudgeAsync(faults, [.. system.Clients.Select(client => (client, (IReadOnlyList<ChaosPast>)[])), .. joiners], truth, healed, cancellationToken);
        }
        finally
        {
            foreach (var (joiner, _) in joiners)
                await joiner.DisposeAsync();
            foreach (var publisher in publishers)
                publisher.Dispose();
        }
    }

    private Random Next() => new(_random.Next());

    private List<ChaosFault> DrawFaults()
    {
        var fitting = ChaosFaults.All.Where(fault => fault.Fits(system)).ToArray();
        var first = fitting[_random.Next(fitting.Length)];
        if (_random.Next(3) > 0)
            return [first];
        var others = fitting.Where(fault => fault.Target != first.Target).ToArray();
        return [first, others[_random.Next(others.Length)]];
    }

    // They come in the midst of it with a cursor of up to some rounds before: the tail has forgotten it, and the log perhaps.
    private async Task JoinAsync(List<(ChaosClient Client, IReadOnlyList<ChaosPast> Missed)> joiners, Random random, CancellationToken cancellationToken)
    {
        for (var n = random.Next(MostJoiners + 1); n > 0 && system.Past.Count > 0; n--)
        {
            await Task.Delay(random.Next(500), cancellationToken);
            var transport = Transports[random.Next(Transports.Length)];
            var missed = system.Past.TakeLast(random.Next(1, RoundsBack)).ToArray();
            joiners.Add((new ChaosClient($"{system.Name}-{transport}-joined-after-{missed[0].Begin}", system.Proxy.Address, transport, missed[0].Begin.ToString()), missed));
        }
    }

    private async Task<HashSet<long>> OrdersAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = system.Proxy.Address };
        var orders = new HashSet<long>();
        for (var before = long.MaxValue; ;)
        {
            var page = await PageAsync(http, before, cancellationToken);
            orders.UnionWith(page.Select(order => order.Id).Where(id => id > system.LastOrder));
            if (page.Length < OrdersOfAPage || page[^1].Id <= system.LastOrder)
                return orders;
            before = page[^1].Id;
        }
    }

    // All is healed, but a pool may still hold a connection to a database that was killed.
    private static async Task<Order[]> PageAsync(HttpClient http, long before, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var response = await http.GetAsync(new Uri($"orders?limit={OrdersOfAPage}&before={before}", UriKind.Relative), cancellationToken);
            if (response.IsSuccessStatusCode)
                return (await response.Content.ReadFromJsonAsync<Order[]>(cancellationToken))!;
            await Task.Delay(Look, cancellationToken);
        }
    }

    private async Task<ChaosResult> JudgeAsync(
        IReadOnlyList<ChaosFault> faults,
        IReadOnlyList<(ChaosClient Client, IReadOnlyList<ChaosPast> Missed)> clients,
        ChaosTruth truth,
        long healed,
        CancellationToken cancellationToken)
    {
        var patience = Stopwatch.GetTimestamp();
        foreach (var (client, missed) in clients)
        {
            while (client.Failure is null && ChaosJudge.Missing(client.History(), truth.After(missed)).Count > 0 && Stopwatch.GetElapsedTime(patience) < Patience)
                await Task.Delay(Look, cancellationToken);
        }

        var complete = Stopwatch.GetElapsedTime(healed);
        var found = new List<string>();
        var (delivered, gaps) = (0, 0);
        var begin = system.Clients[0].Before;
        foreach (var (client, missed) in clients)
        {
            var history = client.History();
            found.AddRange(ChaosJudge.Judge(history, client.Before, truth.After(missed)).Select(what => $"{client.Name}: {what}"));
            if (client.Failure is { } failure)
                found.Add($"{client.Name} ended: {failure.Message}");
            delivered += history.Count(entry => entry.Gap is null);
            gaps += history.Count(entry => entry.Gap is not null);
            client.BeginRound();
        }

        if (begin is { } id)
            system.Past.Enqueue(new ChaosPast(id, truth));
        if (system.Past.Count > RoundsBack)
            system.Past.Dequeue();
        system.LastOrder = truth.Orders.Count > 0 ? truth.Orders.Max() : system.LastOrder;
        return new ChaosResult([.. faults.Select(fault => fault.Name)], truth.Accepted.Count, truth.Orders.Count, clients.Count, delivered, gaps, complete, found);
    }
}

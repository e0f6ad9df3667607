using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Buffkit.Benchmarks;

/// <summary><c>redis</c>: what one primary carries, from one server that publishes, and how fast servers follow it.</summary>
internal static class RedisCommand
{
    private const int PayloadBytes = 300;

    public static Command Create()
    {
        var connection = new Option<string>("--connection") { Description = "A Redis that may be filled: host:port.", Required = true };
        var seconds = new Option<int>("--seconds") { Description = "How long each figure is measured.", DefaultValueFactory = _ => 5 };
        var rounds = new Option<int>("--rounds") { Description = "How often all are measured.", DefaultValueFactory = _ => 3 };
        var command = new Command("redis", "Publishes into a log in Redis and follows it, beside a log in memory.") { connection, seconds, rounds };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(connection),
            TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(seconds))),
            Math.Max(1, parsed.GetValue(rounds)),
            cancellationToken));
        return command;
    }

    private static async Task RunAsync(string connection, TimeSpan duration, int rounds, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= rounds; round++)
        {
            Say($"round {round}");
            // A system of its own each time, so that none begins with what another left.
            var prefix = $"bench-{Guid.NewGuid():N}";
            await using (var servers = await ServersAsync(connection, prefix))
            {
                var log = servers.GetRequiredService<IEventLog>();
                foreach (var (publishers, batch) in ((int, int)[])[(1, 1), (64, 1), (1, 100), (4, 100), (1, 1_000), (4, 1_000)])
                {
                    var redis = await AppendAsync(log, publishers, batch, duration, cancellationToken);
                    var memory = await AppendAsync(new MemoryEventLog(new LogOptions(), TimeProvider.System), publishers, batch, duration / 5, cancellationToken);
                    Say($"append, {publishers} at a time, {batch:N0} in one call: {redis:N0} events/s of {PayloadBytes} bytes; memory {memory:N0}, ratio {redis / memory:N3}");
                }

                Say($"read, pages of 256: {await ReadAsync(log, duration, cancellationToken):N0} events/s");
            }

            foreach (var followers in (int[])[1, 4])
                Say($"append, 4 at a time, 100 in one call, {followers} servers following: {await FollowedAsync(connection, followers, duration, cancellationToken)}");
        }
    }

    private static async Task<ServiceProvider> ServersAsync(string connection, string prefix)
    {
        var redis = await ConnectionMultiplexer.ConnectAsync(connection);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IConnectionMultiplexer>(redis);
        builder.Services.AddEventStreams().AddRedis(provider => provider.GetRequiredService<IConnectionMultiplexer>(), options => options.KeyPrefix = prefix);
        return builder.Services.BuildServiceProvider();
    }

    private static async Task<double> AppendAsync(IEventLog log, int publishers, int batch, TimeSpan duration, CancellationToken cancellationToken)
    {
        var request = new AppendRequest([.. Enumerable.Repeat(Draft(), batch)]);
        async Task<long> UntilAsync(TimeSpan end)
        {
            var began = Stopwatch.GetTimestamp();
            var appended = 0L;
            while (Stopwatch.GetElapsedTime(began) < end)
            {
                if ((await log.AppendAsync(request, cancellationToken)).Status is not AppendStatus.Appended)
                    throw new CannotMeasureException("The log did not take events.");
                appended += batch;
            }

            return appended;
        }

        await UntilAsync(duration / 10);
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, publishers).Select(_ => Task.Run(() => UntilAsync(duration), cancellationToken)));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> ReadAsync(IEventLog log, TimeSpan duration, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var read = 0L;
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var at = await log.FindStartAsync(10_000, cancellationToken);
            while ((await log.ReadAsync(at, 256, 1024 * 1024, cancellationToken)).Events is { Count: > 0 } events)
            {
                read += events.Count;
                at = events[^1].Id;
            }
        }

        return read / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Servers that read each event as it comes, as all do: how many events a second are published, and had by the slowest of them.</summary>
    private static async Task<string> FollowedAsync(string connection, int followers, TimeSpan duration, CancellationToken cancellationToken)
    {
        var prefix = $"bench-{Guid.NewGuid():N}";
        await using var publisher = await ServersAsync(connection, prefix);
        var log = publisher.GetRequiredService<IEventLog>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var nodes = new List<ServiceProvider>();
        var had = new long[followers];
        var following = new List<Task>();
        for (var node = 0; node < followers; node++)
        {
            var provider = await ServersAsync(connection, prefix);
            nodes.Add(provider);
            var number = node;
            following.Add(FollowAsync(provider.GetRequiredService<IEventLog>(), count => had[number] += count, stop.Token));
        }

        var appended = await AppendAsync(log, 4, 100, duration, cancellationToken);
        var slowest = had.Min() / (duration * 1.1).TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(following);
        foreach (var node in nodes)
            await node.DisposeAsync();
        return string.Create(CultureInfo.InvariantCulture, $"{appended:N0} events/s, the slowest had {slowest:N0}");
    }

    private static async Task FollowAsync(IEventLog log, Action<int> had, CancellationToken stop)
    {
        try
        {
            var start = await log.FindStartAsync(0, stop);
            await foreach (var page in log.FollowAsync(start, stop))
                had(page.Events.Count);
        }
        catch (OperationCanceledException)
        {
            // Measured.
        }
    }

    private static EventDraft Draft() => new() { Topic = Topic.Parse("load/all"), Type = "load", Data = new byte[PayloadBytes], ContentType = "application/octet-stream", IsOwned = true };

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}

using System.Collections.Concurrent;
using Buffkit.Client;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;

namespace Buffkit.Tests;

public sealed class CursorStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cursors-");

    [Fact]
    public async Task File_KeepsACursorByItsName()
    {
        var store = new FileCursorStore(_folder.FullName);
        string[] names = ["default", "orders", "Orders", "../outside", "a/b", "ümläut", new('x', 500), "nul", "."];

        foreach (var name in names)
            await store.SaveAsync(name, $"cursor of {name}", Token);

        foreach (var name in names)
            Assert.Equal($"cursor of {name}", await new FileCursorStore(_folder.FullName).LoadAsync(name, Token));
        Assert.Null(await store.LoadAsync("unknown", Token));
        Assert.Equal(names.Length, _folder.EnumerateFiles("*.cursor").Count());
    }

    [Fact]
    public async Task File_OfAProcessThatDiedWhileItWrote_HasTheCursorBefore()
    {
        var store = new FileCursorStore(_folder.FullName);
        await store.SaveAsync("a", "e-1", Token);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "a.cursor.next"), "e-", Token);

        Assert.Equal("e-1", await store.LoadAsync("a", Token));
        await store.SaveAsync("a", "e-2", Token);
        Assert.Equal("e-2", await store.LoadAsync("a", Token));
    }

    [Fact]
    public async Task File_ReadAtAnyMoment_HasAWholeCursor()
    {
        var store = new FileCursorStore(_folder.FullName);
        await store.SaveAsync("a", new string('0', 64), Token);
        var writing = Task.Run(
            async () =>
            {
                for (var i = 0; i < 300; i++)
                    await store.SaveAsync("a", new string((char)('0' + (i % 10)), 64), Token);
            },
            Token);

        while (!writing.IsCompleted)
        {
            var read = await store.LoadAsync("a", Token);
            Assert.Equal(64, read!.Length);
            Assert.Single(read.Distinct());
        }

        await writing;
    }

    [Fact]
    public async Task Subscription_GoesOnWhereTheProcessBeforeStopped()
    {
        var store = new FileCursorStore(_folder.FullName);
        using var server = new ScriptedServer((_, number) => ScriptedServer.Stream(Open + Event($"e-{number + 1}", "a") + Event($"e-{number + 2}", "b"), BodyEnd.Stall));
        // The machine's clock: an impatient one would not wait for the file at the end.
        using var first = ClientOf(server, time: TimeProvider.System);
        await first.SubscribeAsync("a", new SubscriptionOptions { CursorStore = store }, Token).ReadAsync(2);
        using var second = ClientOf(server, time: TimeProvider.System);

        await second.SubscribeAsync("a", new SubscriptionOptions { CursorStore = store }, Token).ReadAsync(1);

        // The consumer left at e-2, and nobody knows whether it was done with it.
        Assert.Equal([null, "e-1"], server.Requests.Select(request => request.LastEventId));
    }

    [Fact]
    public async Task Event_WhoseConsumerFails_IsNotSaved()
    {
        var store = new MemoryStore();
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(Open + Event("e-1", "a") + Event("e-2", "b"), BodyEnd.Stall));
        using var client = ClientOf(server);

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var e in client.SubscribeAsync("a", new SubscriptionOptions { CursorStore = store, CursorSaveInterval = TimeSpan.Zero }, Token))
            {
                if (e.Text == "b")
                    throw new InvalidOperationException("The consumer fails.");
            }
        });

        Assert.Equal("e-1", store.Saved.Last());
    }

    [Fact]
    public async Task Cursor_IsSavedNotMoreOftenThanAsked_AndStillWhenNothingComes()
    {
        var time = new FakeTimeProvider();
        var store = new MemoryStore();
        using var server = new ScriptedServer((_, number) => number == 0
            ? ScriptedServer.Stream(Enumerable.Range(1, 100).Select(i => Bytes((i == 1 ? Open : "") + Event($"e-{i}", "a"))), BodyEnd.Stall)
            : ScriptedServer.NoMore());
        using var client = ClientOf(server, time: time);

        var reading = client.SubscribeAsync("a", new SubscriptionOptions { CursorStore = store, CursorSaveInterval = TimeSpan.FromSeconds(10) }, Token).ReadAsync();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return store.Saved.Contains("e-100");
            },
            "the last cursor");
        await reading.WhileTimePassesAsync(time, TimeSpan.FromSeconds(10));

        Assert.Equal(2, store.Saved.Count);
    }

    [Fact]
    public async Task Store_ThatFails_StopsNothing()
    {
        var store = new MemoryStore { Failures = 2 };
        using var server = new ScriptedServer((_, number) => number == 0
            ? ScriptedServer.Stream(Open + Event("e-1", "a") + Event("e-2", "b") + Event("e-3", "c"))
            : ScriptedServer.NoMore());
        using var client = ClientOf(server);

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { CursorStore = store, CursorSaveInterval = TimeSpan.Zero }, Token).ReadAsync();

        Assert.Equal(3, read.Count);
        Assert.Equal("e-3", store.Saved.Last());
    }

    [Fact]
    public async Task State_IsLoadedFirst_AndAgainAfterAGap()
    {
        using var server = new ScriptedServer((_, number) => number switch
        {
            0 => ScriptedServer.Stream(Open + Event("e-11", "a") + "id: e-19\nevent: stream.gap\ndata: {\"after\":\"e-11\",\"next\":\"e-20\",\"reason\":\"evicted\"}\n\n" + Event("e-20", "not shown: the state has it"), BodyEnd.Stall),
            1 => ScriptedServer.Stream(Open + Event("e-31", "b"), BodyEnd.Stall),
            _ => ScriptedServer.NoMore(),
        });
        using var client = ClientOf(server);
        var order = new List<string>();
        var states = 0;
        var options = new SubscriptionOptions
        {
            GetState = _ =>
            {
                states++;
                order.Add($"state {states}");
                return ValueTask.FromResult<string?>($"e-{states * 20 - 10}");
            },
            OnGap = gap => order.Add($"gap {gap.Reason}"),
        };

        await foreach (var e in client.SubscribeAsync("a", options, Token))
        {
            order.Add(e.Text);
            if (e.Text == "b")
                break;
        }

        Assert.Equal(["state 1", "a", "gap evicted", "state 2", "b"], order);
        Assert.Equal(["e-10", "e-30"], server.Requests.Select(request => request.LastEventId));
    }

    [Fact]
    public async Task State_ThatCannotBeLoaded_IsTriedAgain()
    {
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(Open + Event("e-11", "a"), BodyEnd.Stall));
        using var client = ClientOf(server);
        var tries = 0;
        var options = new SubscriptionOptions
        {
            GetState = _ => ++tries < 4 ? throw new HttpRequestException("The state's server is away.") : ValueTask.FromResult<string?>("e-10"),
        };

        Assert.Single(await client.SubscribeAsync("a", options, Token).ReadAsync(1));
        Assert.Equal(4, tries);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private sealed class MemoryStore : ICursorStore
    {
        public ConcurrentQueue<string> Saved { get; } = new();

        public int Failures { get; set; }

        public ValueTask<string?> LoadAsync(string name, CancellationToken cancellationToken) => ValueTask.FromResult<string?>(null);

        public ValueTask SaveAsync(string name, string cursor, CancellationToken cancellationToken)
        {
            if (Failures-- > 0)
                throw new TimeoutException("The store is away.");
            Saved.Enqueue(cursor);
            return ValueTask.CompletedTask;
        }
    }
}

using Buffkit.Streams;
using Buffkit.Streams.Redis;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>What every presence store does; each implementation inherits the tests.</summary>
public abstract class PresenceStoreSpecification
{
    private protected static readonly PresenceOptions Options = new() { Grace = TimeSpan.FromSeconds(1) };

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A store, as another server sees it at each call.</summary>
    private protected abstract Task<IPresenceStore> OpenAsync();

    /// <summary>Lets every lease run out.</summary>
    private protected abstract Task PassGraceAsync();

    [Fact]
    public async Task Renew_NewMember_HasJoinedOnceWhicheverServerSaysSo()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        Assert.Equal([Member("a", "s1")], (await one.RenewAsync([Member("a", "s1")], Stop))!.Joined);
        Assert.Empty((await one.RenewAsync([Member("a", "s1")], Stop))!.Joined);
        Assert.Equal([Member("a", "s2")], (await other.RenewAsync([Member("a", "s1"), Member("a", "s2")], Stop))!.Joined);
        Assert.Equal([Member("b", "s1")], (await other.RenewAsync([Member("b", "s1")], Stop))!.Joined);
    }

    [Fact]
    public async Task Read_SomeMembers_CountsAllAndListsSome()
    {
        var store = await OpenAsync();
        await store.RenewAsync([Member("a", "s2"), Member("a", "s1"), Member("a/b", "s3")], Stop);

        var all = (await store.ReadAsync(Topic.Parse("a"), 10, Stop))!;
        Assert.Equal(("a", 2), (all.Topic, all.Count));
        Assert.Equal(["s1", "s2"], all.Sessions);
        var some = (await store.ReadAsync(Topic.Parse("a"), 1, Stop))!;
        Assert.Equal((2, 1), (some.Count, some.Sessions.Count));
        Assert.Equal(0, (await store.ReadAsync(Topic.Parse("nobody"), 10, Stop))!.Count);
    }

    [Fact]
    public async Task Renew_NobodyRenewsAMember_ItHasLeftOnce()
    {
        var (one, other) = (await OpenAsync(), await OpenAsync());
        await one.RenewAsync([Member("a", "stays"), Member("a", "goes"), Member("b", "alone")], Stop);
        await PassGraceAsync();

        Assert.Equal(0, (await other.ReadAsync(Topic.Parse("a"), 10, Stop))!.Count);
        var changes = (await other.RenewAsync([Member("a", "stays")], Stop))!;
        Assert.Empty(changes.Joined);
        Assert.Equal([Member("a", "goes"), Member("b", "alone")], changes.Left.OrderBy(m => m.Topic.Value));
        Assert.Empty((await one.RenewAsync([Member("a", "stays")], Stop))!.Left);
        Assert.Equal(["stays"], (await one.ReadAsync(Topic.Parse("a"), 10, Stop))!.Sessions);
    }

    [Fact]
    public async Task Renew_ManyMembers_AllJoin()
    {
        var store = await OpenAsync();
        PresenceMember[] members = [.. Enumerable.Range(0, 1_234).Select(n => Member($"t{n % 7}", $"s{n}"))];
        Assert.Equal(members.ToHashSet(), (await store.RenewAsync(members, Stop))!.Joined.ToHashSet());
    }

    private protected static PresenceMember Member(string topic, string session) => new(Topic.Parse(topic), session);
}

public sealed class MemoryPresenceStoreTests : PresenceStoreSpecification
{
    private readonly FakeTimeProvider _time = new();
    private MemoryPresenceStore? _store;

    private protected override Task<IPresenceStore> OpenAsync() => Task.FromResult<IPresenceStore>(_store ??= new MemoryPresenceStore(Options, _time));

    private protected override Task PassGraceAsync()
    {
        _time.Advance(Options.Grace);
        return Task.CompletedTask;
    }
}

public sealed class RedisPresenceStoreTests(RedisServer server) : PresenceStoreSpecification, IAsyncDisposable
{
    private readonly List<RedisNode> _nodes = [];
    private readonly string _prefix = RedisServer.NewKeyPrefix();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    private protected override async Task<IPresenceStore> OpenAsync()
    {
        _nodes.Add(await RedisNode.ConnectAsync(await server.StartAsync(), _prefix));
        return new RedisPresenceStore(_nodes[^1].Connections, _nodes[^1].Keys, Options);
    }

    // Leases run on Redis's own clock.
    private protected override Task PassGraceAsync() => Eventually.TrueAsync(
        async () => await _nodes[0].Database.SortedSetLengthAsync(_nodes[0].Keys.PresenceTopics, await NowAsync(), double.PositiveInfinity) == 0,
        "the leases to run out");

    private async Task<double> NowAsync()
    {
        var time = (string[])(await _nodes[0].Database.ExecuteAsync("TIME"))!;
        return Math.Floor((double.Parse(time[0], System.Globalization.CultureInfo.InvariantCulture) * 1000)
            + (double.Parse(time[1], System.Globalization.CultureInfo.InvariantCulture) / 1000)) + 1;
    }
}

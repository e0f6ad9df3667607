using Buffkit.Streams;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>What every store of sessions does.</summary>
public abstract class SessionStoreSpecification
{
    private static readonly SessionsOptions Options = new() { RotationGrace = TimeSpan.FromSeconds(30) };

    private protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    private protected abstract Task<ISessionStore> NewAsync(SessionsOptions options);

    [Fact]
    public async Task Use_Newest_IsAcceptedAndReplaced()
    {
        var (store, session) = await StartAsync();

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2), await UseAsync(store, session, 1));
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 3), await UseAsync(store, session, 2));
    }

    [Fact]
    public async Task Use_WithoutRotation_KeepsTheGeneration()
    {
        var (store, session) = await StartAsync();

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 1), await UseAsync(store, session, 1, rotate: false));
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Use_ReplacedWithinGrace_IsAcceptedAsTheNewest()
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);
        await UseAsync(store, session, 2);

        Time.Advance(TimeSpan.FromSeconds(29));

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 3), await UseAsync(store, session, 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Use_ReplacedAfterGrace_RevokesTheSession(bool rotate)
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);

        Time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(SessionUseStatus.Reused, (await UseAsync(store, session, 1, rotate)).Status);
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, session, 2)).Status);
        Assert.True((await FindAsync(store, session))!.Value.IsRevoked);
    }

    [Fact]
    public async Task Use_MuchOlderThanKept_RevokesTheSession()
    {
        var (store, session) = await StartAsync();
        for (var generation = 1; generation <= MemorySessionStore.KeptGenerations + 5; generation++)
            await UseAsync(store, session, generation);

        Assert.Equal(SessionUseStatus.Reused, (await UseAsync(store, session, 1)).Status);
    }

    [Fact]
    public async Task Use_ManyAtOnce_AgreeOnOneNextGeneration()
    {
        var (store, session) = await StartAsync();

        var uses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => UseAsync(store, session, 7)));

        Assert.All(uses, use => Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 8), use));
    }

    [Fact]
    public async Task Use_NewerThanKnown_IsTakenAsTheNewest()
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 10), await UseAsync(store, session, 9));
    }

    [Fact]
    public async Task Revoke_Session_IsToldAndFound()
    {
        var (store, session) = await StartAsync();
        var told = new TaskCompletionSource<SessionId>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var watching = store.WatchAsync(revoked => told.TrySetResult(revoked), stop.Token);

        // A watcher may be told nothing until it has subscribed; revoking again says it again.
        while (!told.Task.IsCompleted)
        {
            Assert.True(await store.RevokeAsync(session, TestContext.Current.CancellationToken));
            await Task.WhenAny(told.Task, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        Assert.Equal(session, await told.Task);
        Assert.True((await FindAsync(store, session))!.Value.IsRevoked);
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, session, 1)).Status);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Renew_Session_IsFound()
    {
        var (store, session) = await StartAsync();
        var until = DateTimeOffset.FromUnixTimeMilliseconds(Time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds());

        await store.RenewAsync(session, until, TestContext.Current.CancellationToken);

        Assert.Equal(new SessionState(false, until), await FindAsync(store, session));
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Find_Unknown_IsNothing()
    {
        var (store, session) = await StartAsync();

        Assert.Null(await FindAsync(store, session));
    }

    private protected static async Task<SessionUse> UseAsync(ISessionStore store, SessionId session, long generation, bool rotate = true) =>
        await store.UseAsync(session, generation, rotate, TestContext.Current.CancellationToken);

    private static async Task<SessionState?> FindAsync(ISessionStore store, SessionId session) =>
        (await store.FindAsync([session], TestContext.Current.CancellationToken))[0];

    private async Task<(ISessionStore Store, SessionId Session)> StartAsync() => (await NewAsync(Options), SessionId.New());
}

public sealed class MemorySessionStoreTests : SessionStoreSpecification
{
    [Fact]
    public async Task Session_LeftAlone_IsForgottenAfterItsLifetime()
    {
        var store = new MemorySessionStore(new SessionsOptions { Lifetime = TimeSpan.FromHours(1) }, Time);
        await UseAsync(store, SessionId.New(), 1);
        Assert.Equal(1, store.Count);

        Time.Advance(TimeSpan.FromHours(1));
        await UseAsync(store, SessionId.New(), 1, rotate: false);

        Assert.Equal(0, store.Count);
    }

    [Fact]
    public async Task Sessions_MoreThanFit_ForgetTheOldest()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        for (var i = 0; i < MemorySessionStore.Capacity + 1_000; i++)
            await UseAsync(store, SessionId.New(), 1);

        Assert.Equal(MemorySessionStore.Capacity, store.Count);
    }

    private protected override Task<ISessionStore> NewAsync(SessionsOptions options) =>
        Task.FromResult<ISessionStore>(new MemorySessionStore(options, Time));
}

public sealed class RedisSessionStoreTests(RedisServer server) : SessionStoreSpecification, IAsyncDisposable
{
    private ConnectionMultiplexer? _redis;

    [Fact]
    public async Task Session_LeftAlone_ExpiresInRedis()
    {
        var store = await NewAsync(new SessionsOptions { Lifetime = TimeSpan.FromHours(2) });
        var session = SessionId.New();
        await UseAsync(store, session, 1);

        var database = _redis!.GetDatabase();
        var key = Assert.Single(_redis.GetServers()[0].Keys(pattern: $"*{session}*").ToArray());
        Assert.InRange((await database.KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromMinutes(119), TimeSpan.FromHours(2));
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    private protected override async Task<ISessionStore> NewAsync(SessionsOptions options)
    {
        _redis = await ConnectionMultiplexer.ConnectAsync(await server.StartAsync());
        return new RedisSessionStore(_redis, options, RedisServer.NewKeyPrefix(), Time, NullLogger<RedisSessionStore>.Instance);
    }
}

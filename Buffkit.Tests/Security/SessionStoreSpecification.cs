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

    /// <summary>Lets time pass, by whichever clock the store goes.</summary>
    private protected abstract Task PassAsync(SessionId session, TimeSpan time);

    [Fact]
    public async Task Use_Newest_IsAcceptedAndReplaced()
    {
        var (store, session) = await StartAsync();

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2), await UseAsync(store, session, 1));
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 3), await UseAsync(store, session, 2));
    }

    [Fact]
    public async Task Use_SuccessorNeverCame_IsAcceptedHoweverLate()
    {
        var (store, session) = await StartAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2), await UseAsync(store, session, 1));
            await PassAsync(session, TimeSpan.FromMinutes(5));
        }
    }

    [Fact]
    public async Task Use_ReplacedWithinGrace_IsAcceptedAsTheNewest()
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);
        await PassAsync(session, TimeSpan.FromMinutes(5));
        await UseAsync(store, session, 2);

        await PassAsync(session, TimeSpan.FromSeconds(29));

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 3), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Use_ReplacedAfterGrace_RevokesTheSession()
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);
        await UseAsync(store, session, 2);

        await PassAsync(session, TimeSpan.FromSeconds(31));

        Assert.Equal(SessionUseStatus.Reused, (await UseAsync(store, session, 1)).Status);
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
        await store.RenewAsync(session, until.AddMinutes(-1), TestContext.Current.CancellationToken);

        Assert.Equal(new SessionState(false, until), await FindAsync(store, session));
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2, until), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Find_Unknown_IsNothing()
    {
        var (store, session) = await StartAsync();

        Assert.Null(await FindAsync(store, session));
    }

    private protected static async Task<SessionUse> UseAsync(ISessionStore store, SessionId session, long generation, bool isAnonymous = false) =>
        await store.UseAsync(session, generation, isAnonymous, TestContext.Current.CancellationToken);

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
        await UseAsync(store, SessionId.New(), 1);

        Assert.Equal(1, store.Count);
    }

    [Fact]
    public async Task Sessions_MoreThanFit_ForgetTheOldest()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        for (var i = 0; i < MemorySessionStore.Capacity + 1_000; i++)
            await UseAsync(store, SessionId.New(), 1);

        Assert.Equal(MemorySessionStore.Capacity, store.Count);
    }

    [Fact]
    public async Task Revocation_ManySessionsCome_IsKept()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        var stolen = SessionId.New();
        await store.RevokeAsync(stolen, TestContext.Current.CancellationToken);
        for (var i = 0; i <= MemorySessionStore.Capacity; i++)
            await UseAsync(store, SessionId.New(), 1);

        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, stolen, 1)).Status);
    }

    [Fact]
    public async Task Revocations_MoreThanFit_ForgetTheOldest()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        for (var i = 0; i < MemorySessionStore.Capacity + 1_000; i++)
            await store.RevokeAsync(SessionId.New(), TestContext.Current.CancellationToken);

        Assert.Equal(MemorySessionStore.Capacity, store.Count);
    }

    private protected override Task PassAsync(SessionId session, TimeSpan time)
    {
        Time.Advance(time);
        return Task.CompletedTask;
    }

    private protected override Task<ISessionStore> NewAsync(SessionsOptions options) =>
        Task.FromResult<ISessionStore>(new MemorySessionStore(options, Time));
}

public sealed class RedisSessionStoreTests(RedisServer server) : SessionStoreSpecification, IAsyncDisposable
{
    private readonly string _prefix = RedisServer.NewKeyPrefix();
    private ConnectionMultiplexer? _redis;

    [Theory]
    [InlineData(false, 120)]
    [InlineData(true, 60)]
    public async Task Session_LeftAlone_ExpiresInRedisAndAnAnonymousOneSooner(bool isAnonymous, int minutes)
    {
        var store = await NewAsync(new SessionsOptions { Lifetime = TimeSpan.FromHours(2) });
        var session = SessionId.New();
        await UseAsync(store, session, 1, isAnonymous);

        var left = await _redis!.GetDatabase().KeyTimeToLiveAsync(Key(session));
        Assert.InRange(left!.Value, TimeSpan.FromMinutes(minutes - 1), TimeSpan.FromMinutes(minutes));
    }

    [Fact]
    public async Task Use_RedisStallsAndRunsItAfterTheClientGaveUp_TheTokenIsStillGood()
    {
        await using var container = await RedisServer.StartOwnAsync();
        _redis = await ConnectionMultiplexer.ConnectAsync(container.GetConnectionString() + ",allowAdmin=true");
        var store = new RedisSessionStore(_redis, new SessionsOptions { RotationGrace = TimeSpan.Zero }, _prefix, Time, NullLogger<RedisSessionStore>.Instance);
        var session = SessionId.New();
        await _redis.GetDatabase().ExecuteAsync("CLIENT", "PAUSE", "2000", "ALL");

        var stalled = await UseAsync(store, session, 1);
        await Eventually.TrueAsync(() => _redis.GetDatabase().KeyExists(Key(session)), "the script to run all the same");
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(SessionUseStatus.Unavailable, stalled.Status);
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Use_ServersWhoseClocksDiffer_AgreeByTheClockOfRedis()
    {
        var (one, two) = (await NewAsync(new SessionsOptions()), await NewAsync(new SessionsOptions()));
        var session = SessionId.New();
        await UseAsync(one, session, 1);
        await UseAsync(one, session, 2);

        Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 3), await UseAsync(two, session, 1));
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    // Its clock is its own: what it noted is put back instead.
    private protected override async Task PassAsync(SessionId session, TimeSpan time)
    {
        var database = _redis!.GetDatabase();
        foreach (var field in await database.HashGetAllAsync(Key(session)))
        {
            if (field.Name.StartsWith("replaced:"))
                await database.HashIncrementAsync(Key(session), field.Name, -(long)time.TotalMilliseconds);
        }
    }

    private RedisKey Key(SessionId session) => $"{_prefix}:session:{{{session}}}";

    private protected override async Task<ISessionStore> NewAsync(SessionsOptions options)
    {
        _redis ??= await ConnectionMultiplexer.ConnectAsync(await server.StartAsync());
        return new RedisSessionStore(_redis, options, _prefix, Time, NullLogger<RedisSessionStore>.Instance);
    }
}

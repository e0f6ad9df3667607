using Buffkit.Streams;
using Buffkit.Streams.Redis;
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

    /// <summary>Rounds of the simulation: each takes some hundred answers of the store.</summary>
    private protected abstract int Rounds { get; }

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
        var issued = Time.GetUtcNow();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2 + i), await UseAsync(store, session, 1, issued));
            Time.Advance(TimeSpan.FromMinutes(5));
        }
    }

    [Fact]
    public async Task Use_ReplacedWithinGrace_IsAccepted()
    {
        var (store, session) = await StartAsync();
        var issued = Time.GetUtcNow();
        await UseAsync(store, session, 1, issued);
        Time.Advance(TimeSpan.FromMinutes(5));
        await UseAsync(store, session, 2);

        Time.Advance(TimeSpan.FromSeconds(29));

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 4), await UseAsync(store, session, 1, issued));
    }

    [Fact]
    public async Task Use_ReplacedAfterGrace_RevokesTheSession()
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);
        await UseAsync(store, session, 2);

        Time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(SessionUseStatus.Reused, (await UseAsync(store, session, 1)).Status);
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, session, 2)).Status);
        Assert.True((await store.FindAsync([session], TestContext.Current.CancellationToken))[0]!.Value.IsRevoked);
    }

    [Fact]
    public async Task Use_OfLongAgo_RevokesTheSession()
    {
        var (store, session) = await StartAsync();
        var issued = Time.GetUtcNow();
        for (var generation = 1; generation <= TokenUses.Kept + 5; generation++)
        {
            await UseAsync(store, session, generation);
            Time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(SessionUseStatus.Reused, (await UseAsync(store, session, 1, issued)).Status);
    }

    [Fact]
    public async Task Use_AnswerThatComesLateAndPutsAnOlderTokenInTheJar_IsAccepted()
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1);
        var late = Time.GetUtcNow();
        // Answers 2 and 3 were sent; 3 came first and went on.
        for (var generation = 3; generation <= 6; generation++)
        {
            await UseAsync(store, session, generation);
            Time.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, session, 2, late)).Status);
    }

    [Fact]
    public async Task Use_TwoHoldersThatBothGoOn_RevokesTheSession()
    {
        var (store, session) = await StartAsync();
        // Both begin from one token, which neither has used; from then on each has its own, which it uses once.
        var (owner, thief) = (new BrowserSimulation.Token(1, Time.GetUtcNow()), new BrowserSimulation.Token(1, Time.GetUtcNow()));
        var status = SessionUseStatus.Accepted;
        for (var i = 0; i < 6 && status is SessionUseStatus.Accepted; i++)
        {
            Time.Advance(TimeSpan.FromMinutes(10));
            var use = await UseAsync(store, session, owner.Generation, owner.Issued);
            (owner, status) = (new(use.Next, Time.GetUtcNow()), use.Status);
            if (status is not SessionUseStatus.Accepted)
                break;
            Time.Advance(TimeSpan.FromMinutes(10));
            use = await UseAsync(store, session, thief.Generation, thief.Issued);
            (thief, status) = (new(use.Next, Time.GetUtcNow()), use.Status);
        }

        Assert.Equal(SessionUseStatus.Reused, status);
    }

    [Fact]
    public async Task Uses_OfAnHonestBrowserAtRandom_NeverRevoke()
    {
        var uses = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var random = new Random(20261126 + round);
            var browser = new BrowserSimulation(await NewAsync(Options), Time, random, Options.RotationGrace);
            await browser.RunAsync(tabs: random.Next(1, 5), requests: 12);
            Assert.True(browser.Refused is null, $"round {round}: {browser.Refused} after {browser.Uses} uses");
            uses += browser.Uses;
        }

        Assert.InRange(uses, Rounds * 12, int.MaxValue);
    }

    [Fact]
    public async Task Uses_OfAThiefAtRandom_AreFoundOutOnceTheOwnerHasGoneOn()
    {
        var found = 0;
        for (var round = 0; round < Rounds / 10; round++)
        {
            var random = new Random(20261127 + round);
            var browser = new BrowserSimulation(await NewAsync(Options), Time, random, Options.RotationGrace);
            BrowserSimulation.Token? stolen = null;
            var tabs = random.Next(1, 5);
            await browser.RunAsync(tabs, requests: 12, async () =>
            {
                if (stolen is null && random.Next(20) == 0)
                    stolen = browser.Jar;
                if (stolen is null || !browser.HasReplaced(stolen) || random.Next(3) > 0)
                    return;
                Assert.Equal(SessionUseStatus.Reused, (await browser.SendAsync(stolen)).Status);
                (stolen, found) = (null, found + 1);
            });
        }

        Assert.InRange(found, Rounds / 20, int.MaxValue);
    }

    [Fact]
    public async Task Use_ManyAtOnce_AreGivenEachItsOwnNextGeneration()
    {
        var (store, session) = await StartAsync();

        var uses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => UseAsync(store, session, 7)));

        Assert.All(uses, use => Assert.Equal(SessionUseStatus.Accepted, use.Status));
        Assert.Equal(Enumerable.Range(8, 50), uses.Select(use => (int)use.Next).Order());
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
        var watching = store.WatchAsync(change => told.TrySetResult(change.Session!.Value), stop.Token);

        // A watcher may be told nothing until it has subscribed; revoking again says it again.
        while (!told.Task.IsCompleted)
        {
            Assert.True(await store.RevokeAsync(session, isAnonymous: false, TestContext.Current.CancellationToken));
            await Task.WhenAny(told.Task, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        Assert.Equal(session, await told.Task);
        Assert.True((await store.FindAsync([session], TestContext.Current.CancellationToken))[0]!.Value.IsRevoked);
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, session, 1)).Status);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Theory]
    [InlineData("ada")]
    [InlineData(null)]
    public async Task Revoke_SessionOfWhichNobodySaysWhoseItIs_IsForGood(string? subject)
    {
        var (store, session) = await StartAsync();
        await UseAsync(store, session, 1, subject: subject);

        Assert.True(await new EventSessions(store, NullLogger<EventSessions>.Instance).RevokeAsync(session.ToString(), TestContext.Current.CancellationToken));

        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, session, 2, subject: subject)).Status);
    }

    [Fact]
    public async Task Use_Accepted_TellsWhenTheNextTokenIsMadeByTheStoresClock()
    {
        var (store, session) = await StartAsync();

        var use = await store.UseAsync(new TokenUse(session, "ada", 1, Time.GetUtcNow().AddHours(-1)), TestContext.Current.CancellationToken);

        Assert.Equal(Time.GetUtcNow(), use.At, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Renew_Session_CountsTheCredentialsShownLastAndTheLaterEnd()
    {
        var (store, session) = await StartAsync();
        var now = DateTimeOffset.FromUnixTimeMilliseconds(Time.GetUtcNow().ToUnixTimeMilliseconds());
        var first = new SessionCredentials(now, now.AddHours(1), "admin");
        var second = new SessionCredentials(now.AddMinutes(1), now.AddMinutes(30), "nobody");

        // The one that was shown first is noted last.
        await store.RenewAsync(session, second, TestContext.Current.CancellationToken);
        await store.RenewAsync(session, first, TestContext.Current.CancellationToken);

        var both = second with { Until = first.Until };
        Assert.Equal(new SessionState(false, both), await FindAsync(store, session));
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 2, both), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Renew_Session_IsTold()
    {
        var (store, session) = await StartAsync();
        var told = new TaskCompletionSource<SessionChange>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var watching = store.WatchAsync(change => told.TrySetResult(change), stop.Token);
        for (var at = Time.GetUtcNow(); !told.Task.IsCompleted; at = at.AddSeconds(1))
        {
            await store.RenewAsync(session, new SessionCredentials(at, at, ""), TestContext.Current.CancellationToken);
            await Task.WhenAny(told.Task, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        Assert.Equal(new SessionChange(SessionChangeKind.Renewed, session), await told.Task);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task RevokeAll_OfASubject_SparesOnlyTheOneAndWhatBeginsAfterwards()
    {
        var (store, here) = await StartAsync();
        var (there, unused, others) = (SessionId.New(), SessionId.New(), SessionId.New());
        var issued = Time.GetUtcNow();
        await UseAsync(store, here, 1);
        await UseAsync(store, there, 1);
        await UseAsync(store, others, 1, subject: "bob");
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await store.RevokeAllAsync("ada", here, TestContext.Current.CancellationToken));

        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, here, 2, issued)).Status);
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, there, 2, issued)).Status);
        // Its token was made, and never came until now.
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, unused, 1, issued)).Status);
        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, others, 2, issued, "bob")).Status);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, SessionId.New(), 1)).Status);
        Assert.True((await FindAsync(store, there))!.Value.IsRevoked);
    }

    [Fact]
    public async Task RevokeAll_OfASubject_IsTold()
    {
        var (store, here) = await StartAsync();
        var told = new TaskCompletionSource<SessionChange>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var watching = store.WatchAsync(change => told.TrySetResult(change), stop.Token);
        while (!told.Task.IsCompleted)
        {
            await store.RevokeAllAsync("ada", here, TestContext.Current.CancellationToken);
            await Task.WhenAny(told.Task, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        Assert.Equal(new SessionChange(SessionChangeKind.SubjectRevoked, here, Subject.Hash("ada")), await told.Task);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task List_OfASubject_HasWhatCameAndIsNotRevoked()
    {
        var (store, session) = await StartAsync();
        var began = DateTimeOffset.FromUnixTimeMilliseconds(Time.GetUtcNow().ToUnixTimeMilliseconds());
        var revoked = SessionId.New();
        await UseAsync(store, session, 1);
        await UseAsync(store, revoked, 1);
        await UseAsync(store, SessionId.New(), 1, subject: "bob");
        await store.RevokeAsync(revoked, isAnonymous: false, TestContext.Current.CancellationToken);
        Time.Advance(TimeSpan.FromMinutes(1));
        await UseAsync(store, session, 2);

        var listed = Assert.Single((await store.ListAsync("ada", TestContext.Current.CancellationToken))!);

        Assert.Equal(session, listed.Session);
        Assert.Equal(began, listed.Began, TimeSpan.FromMilliseconds(1));
        Assert.Equal(began.AddMinutes(1), listed.LastUsed, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task List_OfASubjectWithManySessions_HasThoseUsedLast()
    {
        var (store, first) = await StartAsync();
        await UseAsync(store, first, 1);
        for (var i = 0; i < SubjectSessions.Kept; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await UseAsync(store, SessionId.New(), 1);
        }

        var listed = await store.ListAsync("ada", TestContext.Current.CancellationToken);

        Assert.Equal(SubjectSessions.Kept, listed!.Count);
        Assert.DoesNotContain(listed, session => session.Session == first);
    }

    [Fact]
    public async Task Find_Unknown_IsNothing()
    {
        var (store, session) = await StartAsync();

        Assert.Null(await FindAsync(store, session));
    }

    private protected async Task<SessionUse> UseAsync(ISessionStore store, SessionId session, long generation, DateTimeOffset? issued = null, string? subject = "ada") =>
        // Most tests compare answers, whose time is the clock's.
        await store.UseAsync(new TokenUse(session, subject, generation, issued ?? Time.GetUtcNow()), TestContext.Current.CancellationToken) with { At = default };

    private static async Task<SessionState?> FindAsync(ISessionStore store, SessionId session) =>
        (await store.FindAsync([session], TestContext.Current.CancellationToken))[0];

    private async Task<(ISessionStore Store, SessionId Session)> StartAsync() => (await NewAsync(Options), SessionId.New());
}

public sealed class MemorySessionStoreTests : SessionStoreSpecification
{
    [Fact]
    public async Task Renew_SessionWasRevokedMeanwhile_KeepsTheRevocationAlone()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        var session = SessionId.New();
        await store.RevokeAsync(session, isAnonymous: false, TestContext.Current.CancellationToken);

        await store.RenewAsync(session, new SessionCredentials(Time.GetUtcNow(), Time.GetUtcNow(), ""), TestContext.Current.CancellationToken);

        Assert.Equal(1, store.Count);
        Assert.True((await store.FindAsync([session], TestContext.Current.CancellationToken))[0]!.Value.IsRevoked);
    }

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
    public async Task Revocation_StrangersBeginAndEndSessions_IsKept()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        var (stolen, issued) = (SessionId.New(), Time.GetUtcNow());
        await store.RevokeAsync(stolen, isAnonymous: false, TestContext.Current.CancellationToken);
        Time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i <= MemorySessionStore.Capacity; i++)
        {
            var session = SessionId.New();
            await UseAsync(store, session, 1, subject: null);
            await store.RevokeAsync(session, isAnonymous: true, TestContext.Current.CancellationToken);
        }

        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, stolen, 1, issued)).Status);
        // Nobody who is known lost anything for it.
        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, SessionId.New(), 1, issued)).Status);
    }

    [Fact]
    public async Task Revocations_MoreThanFit_NoRevokedTokenIsEverGoodAgain()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        var (stolen, issued) = (SessionId.New(), Time.GetUtcNow());
        Time.Advance(TimeSpan.FromSeconds(1));
        await store.RevokeAsync(stolen, isAnonymous: false, TestContext.Current.CancellationToken);
        Time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < MemorySessionStore.Capacity; i++)
            await store.RevokeAsync(SessionId.New(), isAnonymous: false, TestContext.Current.CancellationToken);

        Assert.Equal(MemorySessionStore.Capacity, store.Count);
        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, stolen, 1, issued)).Status);
        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, SessionId.New(), 1)).Status);
    }

    [Fact]
    public async Task RevokeAll_SubjectsMoreThanFit_NoRevokedTokenIsEverGoodAgain()
    {
        var store = new MemorySessionStore(new SessionsOptions(), Time);
        // Made, and never came: it is on no list.
        var (stolen, issued) = (SessionId.New(), Time.GetUtcNow());
        Time.Advance(TimeSpan.FromSeconds(1));
        await store.RevokeAllAsync("ada", null, TestContext.Current.CancellationToken);
        Time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i <= MemorySessionStore.Capacity; i++)
            await UseAsync(store, SessionId.New(), 1, subject: $"user-{i}");

        Assert.Equal(SessionUseStatus.Revoked, (await UseAsync(store, stolen, 1, issued)).Status);
        Assert.Equal(SessionUseStatus.Accepted, (await UseAsync(store, SessionId.New(), 1)).Status);
    }

    [Theory]
    [InlineData(TokenUses.Kept)]
    [InlineData(TokenUses.KeptOfNobody)]
    public void Uses_OfASessionThatConnectsAllTheTime_TakeNoMoreRoomThanIsKept(int kept)
    {
        var uses = new TokenUses(kept);
        for (var generation = 1; generation <= TokenUses.Kept * 2; generation++)
            Assert.NotEqual(0, uses.Add(generation, Time.GetUtcNow(), Time.GetUtcNow(), TimeSpan.FromSeconds(30)));

        Assert.Equal(kept + 1, uses.Room);
    }

    private protected override int Rounds => 10_000;

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
        var store = await NewAsync(new SessionsOptions { Lifetime = TimeSpan.FromHours(2), AnonymousLifetime = TimeSpan.FromHours(1) });
        var session = SessionId.New();
        await UseAsync(store, session, 1, subject: isAnonymous ? null : "ada");

        var left = await _redis!.GetDatabase().KeyTimeToLiveAsync(Key(session));
        Assert.InRange(left!.Value, TimeSpan.FromMinutes(minutes - 1), TimeSpan.FromMinutes(minutes));
    }

    [Fact]
    public async Task Use_RedisStallsAndRunsItAfterTheClientGaveUp_TheTokenIsStillGood()
    {
        await using var container = await RedisServer.StartOwnAsync();
        _redis = await ConnectionMultiplexer.ConnectAsync(container.GetConnectionString() + ",allowAdmin=true");
        var store = new RedisSessionStore(RedisNode.ClientOf(_redis), RedisNode.KeysOf(_prefix), new SessionsOptions { RotationGrace = TimeSpan.Zero }, Time, NullLogger<RedisSessionStore>.Instance);
        var session = SessionId.New();
        await _redis.GetDatabase().ExecuteAsync("CLIENT", "PAUSE", "2000", "ALL");

        var stalled = await UseAsync(store, session, 1);
        await Eventually.TrueAsync(() => _redis.GetDatabase().KeyExists(Key(session)), "the script to run all the same");
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(SessionUseStatus.Unavailable, stalled.Status);
        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 3), await UseAsync(store, session, 1));
    }

    [Fact]
    public async Task Use_ServersWhoseClocksDiffer_AgreeByTheClockOfRedis()
    {
        await NewAsync(new SessionsOptions());
        var (one, two) = (OwnClock(), OwnClock());
        var session = SessionId.New();
        await UseAsync(one, session, 1);
        await UseAsync(one, session, 2);

        Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(new SessionUse(SessionUseStatus.Accepted, 4), await UseAsync(two, session, 1));

        RedisSessionStore OwnClock() => new(RedisNode.ClientOf(_redis!), RedisNode.KeysOf(_prefix), new SessionsOptions(), Time, NullLogger<RedisSessionStore>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    // Each use is a call to a server.
    private protected override int Rounds => 100;

    private RedisKey Key(SessionId session) => $"{_prefix}:session:{{{session}}}";

    private protected override async Task<ISessionStore> NewAsync(SessionsOptions options)
    {
        _redis ??= await ConnectionMultiplexer.ConnectAsync(await server.StartAsync());
        return new RedisSessionStore(RedisNode.ClientOf(_redis), RedisNode.KeysOf(_prefix), options, Time, NullLogger<RedisSessionStore>.Instance) { Clock = Time.GetUtcNow };
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>The sessions of many servers: a hash per session that expires, changed by scripts, so that two servers never disagree.</summary>
internal sealed partial class RedisSessionStore(
    IConnectionMultiplexer redis, SessionsOptions options, string keyPrefix, TimeProvider time, ILogger<RedisSessionStore> logger) : ISessionStore
{
    // A token is checked before a stream begins: rather without the check than with a wait that a person feels.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // After a failure nobody waits again for this long, or a crowd of clients would queue behind a Redis that hangs.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    /// <summary>How long an anonymous session is remembered at most: anybody can begin as many as the rates allow.</summary>
    public static readonly TimeSpan AnonymousLifetime = TimeSpan.FromHours(1);

    /// <summary>A clock in the place of Redis' own, for tests.</summary>
    internal Func<DateTimeOffset>? Clock { get; init; }

    private readonly RedisChannel _revoked = RedisChannel.Literal(keyPrefix + ":sessions:revoked");
    private long _awayUntil;
    private volatile bool _away;

    public async ValueTask<SessionUse> UseAsync(SessionId session, long generation, DateTimeOffset issued, bool isAnonymous, CancellationToken cancellationToken)
    {
        var lifetime = isAnonymous && AnonymousLifetime < options.Lifetime ? AnonymousLifetime : options.Lifetime;
        RedisValue[] arguments =
        [
            generation, issued.ToUnixTimeMilliseconds(), (long)options.RotationGrace.TotalMilliseconds,
            (long)(TokenUses.LateAnswer + options.RotationGrace).TotalMilliseconds, TokenUses.Kept, (long)lifetime.TotalMilliseconds,
            (string?)_revoked, session.Value, Clock is { } clock ? clock().ToUnixTimeMilliseconds() : RedisValue.EmptyString,
        ];
        var answer = await AskAsync(database => database.ScriptEvaluateAsync(RedisScripts.UseSession, [Key(session)], arguments), cancellationToken).ConfigureAwait(false);
        return answer is null
            ? new SessionUse(SessionUseStatus.Unavailable)
            : new SessionUse(
                (SessionUseStatus)(int)answer[0], (long)answer[1], (long)answer[2] is > 0 and var until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : null);
    }

    public async ValueTask RenewAsync(SessionId session, DateTimeOffset until, CancellationToken cancellationToken) =>
        await SetAsync(session, "until", until.ToUnixTimeMilliseconds(), cancellationToken).ConfigureAwait(false);

    public ValueTask<bool> RevokeAsync(SessionId session, CancellationToken cancellationToken) =>
        SetAsync(session, "revoked", Now, cancellationToken);

    public async ValueTask<IReadOnlyList<SessionState?>> FindAsync(IReadOnlyList<SessionId> sessions, CancellationToken cancellationToken)
    {
        // One after the other on the wire, but sent together.
        var found = await AskAsync(
            database => Task.WhenAll(sessions.Select(session => database.HashGetAsync(Key(session), ["revoked", "until"]))), cancellationToken)
            .ConfigureAwait(false);
        return found is null
            ? new SessionState?[sessions.Count]
            : [.. found.Select(fields => fields[0].IsNull && fields[1].IsNull ? (SessionState?)null : new SessionState(
                !fields[0].IsNull, fields[1].IsNull ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)fields[1])))];
    }

    public async Task WatchAsync(Action<SessionId> revoked, CancellationToken cancellationToken)
    {
        var subscriber = redis.GetSubscriber();
        void Receive(RedisChannel channel, RedisValue message) => revoked(new SessionId(message.ToString()));
        await subscriber.SubscribeAsync(_revoked, Receive).WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The client subscribes again by itself whenever its connection comes back.
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await subscriber.UnsubscribeAsync(_revoked, Receive, CommandFlags.FireAndForget).ConfigureAwait(false);
        }
    }

    private string Now => time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private RedisKey Key(SessionId session) => $"{keyPrefix}:session:{{{session}}}";

    private async ValueTask<bool> SetAsync(SessionId session, string field, RedisValue value, CancellationToken cancellationToken)
    {
        RedisValue[] arguments = [field, value, (long)options.Lifetime.TotalMilliseconds, (string?)_revoked, session.Value];
        return await AskAsync(database => database.ScriptEvaluateAsync(RedisScripts.SetSession, [Key(session)], arguments), cancellationToken).ConfigureAwait(false) is not null;
    }

    private async ValueTask<T?> AskAsync<T>(Func<IDatabase, Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        if (time.GetTimestamp() < Volatile.Read(ref _awayUntil))
            return null;
        try
        {
            var answer = await ask(redis.GetDatabase()).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
            if (_away)
                Log.Back(logger);
            _away = false;
            return answer;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            Volatile.Write(ref _awayUntil, time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency));
            if (!_away)
                Log.Away(logger, e);
            _away = true;
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Redis does not answer: session tokens are accepted by signature, expiry and binding alone until it is back.")]
        public static partial void Away(ILogger logger, Exception exception);

        [LoggerMessage(2, LogLevel.Information, "Redis answers again: session tokens are checked for rotation and revocation.")]
        public static partial void Back(ILogger logger);
    }
}

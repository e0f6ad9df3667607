using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>The sessions of many servers: a hash per session that expires, changed by scripts, so that two servers never disagree.</summary>
internal sealed partial class RedisSessionStore(
    RedisClient redis, RedisKeys keys, SessionsOptions options, TimeProvider time, ILogger<RedisSessionStore> logger) : ISessionStore
{
    // A token is checked before a stream begins: rather without the check than with a wait that a person feels.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // After a failure nobody waits again for this long, or a crowd of clients would queue behind a Redis that hangs.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    /// <summary>A clock in the place of Redis' own, for tests.</summary>
    internal Func<DateTimeOffset>? Clock { get; init; }

    // Before it the name of a session, in the hash of a subject.
    private const string SessionField = "s:";

    private long _awayUntil;
    private volatile bool _away;

    public async ValueTask<SessionUse> UseAsync(TokenUse use, CancellationToken cancellationToken)
    {
        RedisValue[] arguments =
        [
            use.Generation, use.Issued.ToUnixTimeMilliseconds(), (long)options.RotationGrace.TotalMilliseconds,
            (long)(TokenUses.LateAnswer + options.RotationGrace).TotalMilliseconds, use.Subject is null ? TokenUses.KeptOfNobody : TokenUses.Kept,
            Lifetime(use.Subject is null), Changes, use.Session.Value, Now,
        ];
        // Sent together: the subject may have had all of its sessions ended.
        var asked = await AskAsync(
            async database =>
            {
                var used = database.ScriptEvaluateAsync(RedisScripts.UseSession, [keys.Session(use.Session)], arguments, RedisClient.Primary);
                var refused = use.Subject is null ? false : await IsRefusedAsync(database, use).ConfigureAwait(false);
                return new Used((RedisResult[])(await used.ConfigureAwait(false))!, refused);
            },
            cancellationToken).ConfigureAwait(false);
        if (asked is null)
            return new SessionUse(SessionUseStatus.Unavailable);
        var status = (SessionUseStatus)(int)asked.Answer[0];
        return status is not SessionUseStatus.Accepted || !asked.IsRefused
            ? new SessionUse(status, (long)asked.Answer[1], Credentials((long)asked.Answer[2], (long)asked.Answer[3], (string?)asked.Answer[4]))
            {
                At = DateTimeOffset.FromUnixTimeMilliseconds((long)asked.Answer[5]),
            }
            : new SessionUse(SessionUseStatus.Revoked);
    }

    public async ValueTask RenewAsync(SessionId session, SessionCredentials credentials, CancellationToken cancellationToken)
    {
        RedisValue[] arguments =
        [
            credentials.Until.ToUnixTimeMilliseconds(), credentials.Shown.ToUnixTimeMilliseconds(), credentials.Claims,
            Lifetime(isAnonymous: false), Changes, session.Value,
        ];
        await AskAsync(database => database.ScriptEvaluateAsync(RedisScripts.RenewSession, [keys.Session(session)], arguments, RedisClient.Primary), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<bool> RevokeAsync(SessionId session, bool? isAnonymous, CancellationToken cancellationToken) =>
        await AskAsync(
            database => database.ScriptEvaluateAsync(
                RedisScripts.RevokeSession, [keys.Session(session)], [time.GetUtcNow().ToUnixTimeMilliseconds(), Lifetime(isAnonymous ?? false), Changes, session.Value], RedisClient.Primary),
            cancellationToken).ConfigureAwait(false) is not null;

    public async ValueTask<bool> RevokeAllAsync(string subject, SessionId? except, CancellationToken cancellationToken)
    {
        var hash = Subject.Hash(subject);
        var ended = await AskAsync(
            database => database.ScriptEvaluateAsync(
                RedisScripts.RevokeSubject, [keys.Subject(hash)], [except?.Value ?? "", Lifetime(isAnonymous: false), Changes, hash, Now], RedisClient.Primary),
            cancellationToken).ConfigureAwait(false);
        if (ended is null)
            return false;
        // Servers' clocks differ: what is listed ends by its name too, not only by the time of its tokens.
        foreach (var session in ((RedisResult[])ended!).Select(session => new SessionId(session.ToString())))
        {
            if (!await RevokeAsync(session, isAnonymous: false, cancellationToken).ConfigureAwait(false))
                return false;
        }

        return true;
    }

    public async ValueTask<IReadOnlyList<SubjectSession>?> ListAsync(string subject, CancellationToken cancellationToken)
    {
        var fields = await AskAsync(database => database.HashGetAllAsync(keys.Subject(Subject.Hash(subject)), RedisClient.Primary), cancellationToken).ConfigureAwait(false);
        if (fields is null)
            return null;
        var listed = fields.Where(field => field.Name.StartsWith(SessionField)).Select(field => Listed(field.Name.ToString(), field.Value.ToString())).ToArray();
        var states = await FindAsync([.. listed.Select(session => session.Session)], cancellationToken).ConfigureAwait(false);
        return [.. listed.Where((_, i) => states[i] is not { IsRevoked: true })];
    }

    public async ValueTask<IReadOnlyList<SessionState?>> FindAsync(IReadOnlyList<SessionId> sessions, CancellationToken cancellationToken)
    {
        // One after the other on the wire, but sent together.
        var found = await AskAsync(
            database => Task.WhenAll(sessions.Select(session => database.HashGetAsync(keys.Session(session), ["revoked", "until", "shown", "claims"], RedisClient.Primary))), cancellationToken)
            .ConfigureAwait(false);
        return found is null
            ? new SessionState?[sessions.Count]
            : [.. found.Select(fields => fields[0].IsNull && fields[1].IsNull ? (SessionState?)null : new SessionState(
                !fields[0].IsNull, fields[1].IsNull ? null : Credentials((long)fields[1], (long)fields[2], fields[3])))];
    }

    public async Task WatchAsync(Action<SessionChange> changed, CancellationToken cancellationToken)
    {
        var subscriber = redis.Subscriber;
        void Receive(RedisChannel channel, RedisValue message)
        {
            if (Read(message.ToString()) is { } change)
                changed(change);
        }

        await subscriber.SubscribeAsync(keys.SessionChanges, Receive).WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The client subscribes again by itself whenever its connection comes back.
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await subscriber.UnsubscribeAsync(keys.SessionChanges, Receive, CommandFlags.FireAndForget).ConfigureAwait(false);
        }
    }

    private static SessionChange? Read(string message) => message.Split(' ') switch
    {
        ["revoked", var session] => new SessionChange(SessionChangeKind.Revoked, new SessionId(session)),
        ["renewed", var session] => new SessionChange(SessionChangeKind.Renewed, new SessionId(session)),
        ["subject", var hash] => new SessionChange(SessionChangeKind.SubjectRevoked, null, hash),
        ["subject", var hash, var except] => new SessionChange(SessionChangeKind.SubjectRevoked, new SessionId(except), hash),
        // Of another version.
        _ => null,
    };

    private static SubjectSession Listed(string field, string value)
    {
        var times = value.Split(',').Select(text => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(text, CultureInfo.InvariantCulture))).ToArray();
        return new SubjectSession(new SessionId(field[SessionField.Length..]), times[0], times[1]);
    }

    private static SessionCredentials? Credentials(long until, long shown, string? claims) => until == 0
        ? null
        : new SessionCredentials(DateTimeOffset.FromUnixTimeMilliseconds(shown), DateTimeOffset.FromUnixTimeMilliseconds(until), claims ?? "");

    private async Task<bool> IsRefusedAsync(IDatabase database, TokenUse use) => (int)await database.ScriptEvaluateAsync(
        RedisScripts.UseSubject,
        [keys.Subject(Subject.Hash(use.Subject!))],
        [use.Session.Value, use.Issued.ToUnixTimeMilliseconds(), SubjectSessions.Kept, Lifetime(isAnonymous: false), Now],
        RedisClient.Primary).ConfigureAwait(false) == 1;

    private long Lifetime(bool isAnonymous) => (long)options.LifetimeOf(isAnonymous).TotalMilliseconds;

    // Empty for Redis' own clock.
    private RedisValue Now => Clock is { } clock ? clock().ToUnixTimeMilliseconds() : RedisValue.EmptyString;

    private string Changes => keys.SessionChanges.ToString();

    private async ValueTask<T?> AskAsync<T>(Func<IDatabase, Task<T>> ask, CancellationToken cancellationToken)
        where T : class
    {
        if (time.GetTimestamp() < Volatile.Read(ref _awayUntil))
            return null;
        try
        {
            var answer = await redis.AskAsync(ask, Patience, cancellationToken).ConfigureAwait(false);
            if (_away)
                Log.Back(logger);
            _away = false;
            return answer;
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            Volatile.Write(ref _awayUntil, time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency));
            if (!_away)
                Log.Away(logger, e);
            _away = true;
            return null;
        }
    }

    private sealed record Used(RedisResult[] Answer, bool IsRefused);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Redis does not answer: session tokens are accepted by signature, expiry and binding alone until it is back.")]
        public static partial void Away(ILogger logger, Exception exception);

        [LoggerMessage(2, LogLevel.Information, "Redis answers again: session tokens are checked for rotation and revocation.")]
        public static partial void Back(ILogger logger);
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>Whether Redis has room for events, and keeps those that it took: what it says of its memory, looked at now and then.</summary>
internal sealed partial class RedisMemory(TimeProvider time, ILogger<RedisMemory> logger)
{
    // One short command; an alarm that is a quarter of a minute late is in time.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private const string Ask = "return redis.call('INFO', 'memory')";

    private readonly Lock _gate = new();
    private long? _looked;
    private string? _policy;
    private bool _isFull;

    /// <summary>What is wrong; nothing where all is well, or was not looked at yet.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
            {
                return _isFull ? "Redis is full (maxmemory); publishing is refused until it has room."
                    : IsUnsafe(_policy) ? $"Redis may evict the event log (maxmemory-policy {_policy}); set noeviction."
                    : null;
            }
        }
    }

    /// <summary>Looks, where that is due; several followers have one look between them.</summary>
    public async ValueTask LookIfDueAsync(IDatabase database, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_looked is { } looked && time.GetElapsedTime(looked) < Interval)
                return;
            _looked = time.GetTimestamp();
        }

        string info;
        try
        {
            // From a script: the client library takes INFO by itself for an administrator's command, which it refuses to send.
            var answer = await database.ScriptEvaluateAsync(Ask, flags: RedisClient.Primary).WaitAsync(cancellationToken).ConfigureAwait(false);
            info = answer.ToString();
        }
        catch (RedisServerException)
        {
            // A user that may not ask: nothing is known, and events go on.
            return;
        }

        Take(info);
    }

    /// <summary>Redis refused an event, or took one.</summary>
    public void Answered(bool isFull)
    {
        lock (_gate)
            _isFull = isFull;
    }

    private void Take(string info)
    {
        var policy = Value(info, "maxmemory_policy");
        _ = long.TryParse(Value(info, "maxmemory"), CultureInfo.InvariantCulture, out var most);
        _ = long.TryParse(Value(info, "used_memory"), CultureInfo.InvariantCulture, out var used);
        bool isNews;
        lock (_gate)
        {
            isNews = IsUnsafe(policy) && policy != _policy;
            _policy = policy;
            _isFull = most > 0 && used >= most && policy == "noeviction";
        }

        if (isNews)
            Log.MayEvict(logger, policy!);
    }

    /// <summary>With these the stream itself may go; others evict only what has an end anyway, which the stream has not.</summary>
    private static bool IsUnsafe(string? policy) => policy?.StartsWith("allkeys-", StringComparison.Ordinal) is true;

    private static string? Value(string info, string name)
    {
        foreach (var line in info.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':')
                return line[(name.Length + 1)..].ToString();
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Redis may evict the event log when its memory is full (maxmemory-policy {Policy}): events that were accepted would be lost. Set maxmemory-policy noeviction.")]
        public static partial void MayEvict(ILogger logger, string policy);
    }
}

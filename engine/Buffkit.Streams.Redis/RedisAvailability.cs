using Microsoft.Extensions.Logging;

namespace Buffkit.Streams.Redis;

/// <summary>Whether Redis answers, and one line in the log when that changes rather than one per failure.</summary>
internal sealed partial class RedisAvailability(TimeProvider time, ILogger<RedisAvailability> logger)
{
    // Redis may answer reads and refuse writes (full, or a replica); a refusal counts for this long, if no append succeeds.
    private static readonly TimeSpan RefusalCounts = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private bool _away;
    private long? _refused;
    private long _errors;

    /// <summary>Times that Redis did not answer, or refused.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    public bool IsAvailable
    {
        get
        {
            lock (_gate)
                return !_away && !(_refused is { } refused && time.GetElapsedTime(refused) < RefusalCounts);
        }
    }

    /// <summary>Redis did not answer when it was last asked.</summary>
    public bool IsAway
    {
        get
        {
            lock (_gate)
                return _away;
        }
    }

    public void Answered()
    {
        lock (_gate)
        {
            if (!_away)
                return;
            _away = false;
        }

        Log.Back(logger);
    }

    public void Failed(Exception e)
    {
        Interlocked.Increment(ref _errors);
        lock (_gate)
        {
            if (_away)
                return;
            _away = true;
        }

        Log.Away(logger, e);
    }

    public void AppendSucceeded()
    {
        lock (_gate)
            _refused = null;
    }

    public void AppendFailed(Exception e)
    {
        Interlocked.Increment(ref _errors);
        lock (_gate)
        {
            var isKnown = _away || (_refused is { } refused && time.GetElapsedTime(refused) < RefusalCounts);
            _refused = time.GetTimestamp();
            if (isKnown)
                return;
        }

        Log.AppendFailed(logger, e);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Redis does not answer. Open connections are kept; publishing is refused with 503; what is missed is read when it is back.")]
        public static partial void Away(ILogger logger, Exception e);

        [LoggerMessage(2, LogLevel.Information, "Redis answers again.")]
        public static partial void Back(ILogger logger);

        [LoggerMessage(3, LogLevel.Warning, "Redis did not take an append; the publisher was answered 503.")]
        public static partial void AppendFailed(ILogger logger, Exception e);
    }
}

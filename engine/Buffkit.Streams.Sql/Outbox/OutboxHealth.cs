using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Buffkit.Streams.Sql;

/// <summary>Whether the outbox is emptied: says how much waits, for how long, and what was set aside.</summary>
internal sealed partial class OutboxHealth(OutboxStore store, OutboxOptions options, ILogger<OutboxHealth> logger) : IHealthCheck
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    public const string Name = "outbox";

    private volatile bool _isAway;
    private long _errors;
    private OutboxCounts[] _counts = [default];

    /// <summary>Times that the log did not take a batch, or the database did not answer.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Events that this server published.</summary>
    public long Published { get; set; }

    /// <summary>Whether this server is the one that publishes.</summary>
    public bool IsRelay { get; set; }

    /// <summary>How much was in the outbox when this server looked, where it is the one that publishes; otherwise nothing is known here.</summary>
    public OutboxCounts? Counts => IsRelay ? Volatile.Read(ref _counts)[0] : null;

    /// <summary>Looks how much is in the outbox.</summary>
    public async Task LookAsync(CancellationToken cancellationToken) =>
        Volatile.Write(ref _counts, [await store.CountAsync(cancellationToken).ConfigureAwait(false)]);

    /// <summary>Notes that the log did not take a batch; it is tried again.</summary>
    public void Refused() => Interlocked.Increment(ref _errors);

    public void Answered()
    {
        if (!_isAway)
            return;
        _isAway = false;
        Log.Back(logger);
    }

    public void Failed(Exception e)
    {
        Interlocked.Increment(ref _errors);
        if (_isAway)
            return;
        _isAway = true;
        Log.Away(logger, e);
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var counts = await store.CountAsync(cancellationToken).ConfigureAwait(false);
            var data = new Dictionary<string, object>
            {
                ["relay"] = IsRelay, ["waiting"] = counts.Waiting, ["oldestSeconds"] = Math.Round(counts.OldestAge.TotalSeconds, 1), ["setAside"] = counts.SetAside,
            };
            return counts.SetAside > 0 ? HealthCheckResult.Degraded("Events were set aside that cannot be published; see why, then publish or drop them.", data: data)
                : counts.OldestAge > options.AlarmAfter ? HealthCheckResult.Degraded("Events wait to be published for too long.", data: data)
                : HealthCheckResult.Healthy(data: data);
        }
        catch (Exception e) when (EventDatabase.IsAway(e) && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Degraded("The outbox cannot be read: the database does not answer, or lacks the tables that the migrations bring.", e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The outbox cannot be read. It is tried again; its events wait.")]
        public static partial void Away(ILogger logger, Exception e);

        [LoggerMessage(2, LogLevel.Information, "The outbox can be read again.")]
        public static partial void Back(ILogger logger);
    }
}

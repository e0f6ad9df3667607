using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Buffkit.Streams.Sql;

/// <summary>Whether the history can be read and written, as it was at the last try; told to the log once each time that it changes.</summary>
internal sealed partial class HistoryHealth(ILogger<HistoryHealth> logger) : IHealthCheck
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    public const string Name = "history";

    private string? _read;
    private string? _write;
    private string? _prune;
    private long _errors;

    /// <summary>Events that the log holds and the history does not have yet.</summary>
    public long Lag { get; set; }

    /// <summary>Events that this server wrote.</summary>
    public long Written { get; set; }

    /// <summary>Times that the database did not answer, or refused.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Whether this server is the one that writes.</summary>
    public bool IsWriter { get; set; }

    public bool IsWritable => _write is null;

    public void ReadSucceeded() => Succeeded(ref _read, "read");

    public void WriteSucceeded() => Succeeded(ref _write, "written");

    public void ReadFailed(Exception e) => Failed(ref _read, "read", e);

    public void WriteFailed(Exception e) => Failed(ref _write, "written", e);

    public void PruneSucceeded() => Succeeded(ref _prune, "pruned");

    public void PruneFailed(Exception e) => Failed(ref _prune, "pruned", e);

    /// <summary>Notes what keeps this server from writing.</summary>
    public void WriteIsHeldUp(string reason)
    {
        if (_write == reason)
            return;
        _write = reason;
        Log.HeldUp(logger, reason);
    }

    /// <summary>Tells that events are lost which this server had accepted.</summary>
    public void Lost(long events) => Log.Lost(logger, events);

    /// <summary>Tells that the log of this server begins anew.</summary>
    public void NewEpoch(Epoch epoch) => Log.NewEpoch(logger, epoch);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["writer"] = IsWriter, ["lag"] = Lag };
        return Task.FromResult((_write ?? _read ?? _prune) is { } problem
            ? HealthCheckResult.Degraded(problem, data: data)
            : HealthCheckResult.Healthy(data: data));
    }

    private void Succeeded(ref string? problem, string what)
    {
        if (problem is null)
            return;
        problem = null;
        Log.Back(logger, what);
    }

    private void Failed(ref string? problem, string what, Exception e)
    {
        Interlocked.Increment(ref _errors);
        if (problem is not null)
            return;
        problem = $"The history of events cannot be {what}: the database does not answer, or lacks the tables that the migrations bring.";
        Log.Away(logger, e, what);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The history of events cannot be {What}. It is tried again.")]
        public static partial void Away(ILogger logger, Exception e, string what);

        [LoggerMessage(2, LogLevel.Information, "The history of events can be {What} again.")]
        public static partial void Back(ILogger logger, string what);

        [LoggerMessage(3, LogLevel.Warning, "{Reason}")]
        public static partial void HeldUp(ILogger logger, string reason);

        [LoggerMessage(4, LogLevel.Error, "{Count} events that were accepted are lost to the history: they were not written before this server lost the log, or no longer in memory when the database was found to lack them.")]
        public static partial void Lost(ILogger logger, long count);

        [LoggerMessage(5, LogLevel.Warning, "The log begins a new epoch, {Epoch}, since nobody can tell whether the database holds all that was accepted before. Clients get what it holds and are told of a gap.")]
        public static partial void NewEpoch(ILogger logger, Epoch epoch);
    }
}

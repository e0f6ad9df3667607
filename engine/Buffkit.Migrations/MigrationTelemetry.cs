using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Buffkit.Migrations;

/// <summary>The names of what the migrations report. Add <see cref="Name"/> to a host's sources and meters.</summary>
public static class MigrationTelemetry
{
    /// <summary>The name of the <see cref="ActivitySource"/> and of the <see cref="Meter"/>.</summary>
    public const string Name = "Migrations";

    /// <summary>Histogram, seconds: how long a migration took. Tags: <see cref="DirectionTag"/>, <see cref="OutcomeTag"/>, <c>db.system.name</c>.</summary>
    public const string Duration = "migrations.duration";

    /// <summary>Counter: migrations that ended, by <see cref="DirectionTag"/> and <see cref="OutcomeTag"/>.</summary>
    public const string Count = "migrations.count";

    /// <summary>Counter: migrations that failed or were cancelled.</summary>
    public const string Failures = "migrations.failures";

    /// <summary>Histogram, seconds: how long a statement took.</summary>
    public const string StatementDuration = "migrations.statement.duration";

    /// <summary>Histogram, seconds: how long a runner waited for its lock.</summary>
    public const string LockWait = "migrations.lock.wait";

    /// <summary><c>up</c> or <c>down</c>.</summary>
    public const string DirectionTag = "migrations.direction";

    /// <summary><c>success</c>, <c>failure</c> or <c>cancelled</c>.</summary>
    public const string OutcomeTag = "migrations.outcome";

    internal static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    /// <summary>From a tenth of a second to an hour: the default boundaries end at ten seconds, where migrations begin to matter.</summary>
    private static readonly InstrumentAdvice<double> Boundaries = new()
    {
        HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600],
    };

    internal static readonly Histogram<double> Durations = Meter.CreateHistogram(Duration, "s", "How long a migration took.", null, Boundaries);
    internal static readonly Counter<long> Counts = Meter.CreateCounter<long>(Count, "{migration}", "Migrations that ended.");
    internal static readonly Counter<long> FailureCounts = Meter.CreateCounter<long>(Failures, "{migration}", "Migrations that failed or were cancelled.");
    internal static readonly Histogram<double> StatementDurations = Meter.CreateHistogram(StatementDuration, "s", "How long a statement took.", null, Boundaries);
    internal static readonly Histogram<double> LockWaits = Meter.CreateHistogram(LockWait, "s", "How long a runner waited for its lock.", null, Boundaries);
}

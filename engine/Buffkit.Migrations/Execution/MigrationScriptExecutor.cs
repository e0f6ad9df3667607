using System.Diagnostics;
using DbUp.Engine;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>What DbUp's engine calls for each script of the plan.</summary>
internal sealed partial class MigrationScriptExecutor(RunContext context, CancellationToken cancellation) : IScriptExecutor
{
    public int? ExecutionTimeoutSeconds { get; set; }

    /// <summary>Gets the scripts that are done.</summary>
    public List<CompletedMigration> Completed { get; } = [];

    public void Execute(SqlScript script) => Execute(script, null);

    /// <remarks>
    /// DbUp is synchronous, and runs on a thread of its own (<see cref="MigrationEngineRun"/>). This is the one place
    /// where that thread waits for asynchronous work, which cancellation needs.
    /// </remarks>
    public void Execute(SqlScript script, IDictionary<string, string>? variables) =>
        ExecuteAsync((MigrationScript)script).GetAwaiter().GetResult();

    public void VerifySchema()
    {
        // The journal's schema is the session's own; there is nothing to create.
    }

    private async Task ExecuteAsync(MigrationScript script)
    {
        cancellation.ThrowIfCancellationRequested();
        context.Number++;
        var direction = script.Direction == Direction.Up ? "up" : "down";
        var started = context.Time.GetTimestamp();
        var outcome = "failure";
        using var activity = MigrationTelemetry.Source.StartActivity($"migration {script.Name}");
        activity?.SetTag("migrations.name", script.Name);
        activity?.SetTag(MigrationTelemetry.DirectionTag, direction);
        try
        {
            LogBegin(context.Logger, script.Name, direction, context.Number, context.Count);
            using var run = ScriptRun.For(context, script);
            await run.RunAsync(cancellation);
            outcome = "success";
            var duration = context.Time.GetElapsedTime(started);
            var statements = script.File.Statements(context.Database.Engine).Count;
            Completed.Add(new CompletedMigration(script.Name, direction, statements, duration));
            context.Report(script, statements, statements, null, duration);
            LogDone(context.Logger, script.Name, direction, statements, duration.TotalSeconds);
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
        finally
        {
            activity?.SetTag(MigrationTelemetry.OutcomeTag, outcome);
            Measure(direction, outcome, context.Time.GetElapsedTime(started));
        }
    }

    private void Measure(string direction, string outcome, TimeSpan duration)
    {
        var tags = new TagList
        {
            { "db.system.name", context.Database.Engine.SystemName },
            { MigrationTelemetry.DirectionTag, direction },
            { MigrationTelemetry.OutcomeTag, outcome },
        };
        MigrationTelemetry.Durations.Record(duration.TotalSeconds, tags);
        MigrationTelemetry.Counts.Add(1, tags);
        if (outcome != "success")
        {
            MigrationTelemetry.FailureCounts.Add(1, tags);
        }
    }

    [LoggerMessage(10, LogLevel.Debug, "{Migration} {Direction}: begins ({Number} of {Count}).")]
    private static partial void LogBegin(ILogger logger, string migration, string direction, int number, int count);

    [LoggerMessage(11, LogLevel.Information, "{Migration} {Direction}: {Statements} statements in {Seconds:0.000} s.")]
    private static partial void LogDone(ILogger logger, string migration, string direction, int statements, double seconds);
}

/// <summary>A migration that a command ran.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Direction"><c>up</c> or <c>down</c>.</param>
/// <param name="Statements">How many statements it has.</param>
/// <param name="Duration">How long it took.</param>
public sealed record CompletedMigration(string Name, string Direction, int Statements, TimeSpan Duration);

using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Runs one script in one direction. The two ways to do so differ in what a failure leaves behind.</summary>
internal abstract partial class ScriptRun(RunContext context, MigrationScript script)
{
    private readonly long _started = context.Time.GetTimestamp();

    protected RunContext Context { get; } = context;

    protected MigrationDatabase Database => Context.Database;

    protected MigrationScript Script { get; } = script;

    protected IReadOnlyList<Statement> Statements { get; } = script.File.Statements(context.Database.Engine);

    protected TimeSpan Elapsed => Context.Time.GetElapsedTime(_started);

    protected bool IsDown => Script.Direction == Direction.Down;

    /// <summary>Gets what to say about a script whose failure took everything back.</summary>
    protected string FileName => Script.File.Path;

    public static ScriptRun For(RunContext context, MigrationScript script) =>
        context.Database.HasTransactionalDdl && !script.File.Header.NoTransaction && !IsBegun(context, script)
            ? new TransactionalRun(context, script)
            : new StatementwiseRun(context, script);

    // Begun statement by statement, it goes on so, even if its file says otherwise by now: what was done is not done again.
    private static bool IsBegun(RunContext context, MigrationScript script) =>
        context.Journal.Entries.GetValueOrDefault(script.Name) is { } entry
        && entry.State.IsHalfway()
        && entry.State.IsDownward() == (script.Direction == Direction.Down)
        && (entry.StatementsDone > 0 || entry.StatementStarted > 0);

    /// <exception cref="MigrationFailedException">A statement failed.</exception>
    public abstract Task RunAsync(CancellationToken cancellation);

    /// <summary>Sends one statement, with its span, its measure, and someone who watches how long it takes.</summary>
    protected async Task ExecuteAsync(int index, CancellationToken cancellation)
    {
        var statement = Statements[index];
        Context.Report(Script, index, Statements.Count, statement.Summary, Elapsed);
        using var activity = MigrationTelemetry.Source.StartActivity(statement.Summary, ActivityKind.Client);
        activity?.SetTag("db.system.name", MigrationTelemetry.SystemName(Database.Engine));
        activity?.SetTag("db.query.summary", statement.Summary);
        activity?.SetTag("migrations.statement", index + 1);
        var started = Context.Time.GetTimestamp();
        await using var watch = SlowStatementWatch.Start(Context, Script.Name, index + 1, statement);
        try
        {
            await Database.ExecuteAsync(statement, Script.File.Header.StatementTimeout, cancellation);
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
        finally
        {
            MigrationTelemetry.StatementDurations.Record(
                Context.Time.GetElapsedTime(started).TotalSeconds,
                new KeyValuePair<string, object?>("db.system.name", MigrationTelemetry.SystemName(Database.Engine)));
        }
    }

    protected MigrationState EndState => IsDown ? MigrationState.Reverted : MigrationState.Applied;

    protected MigrationState FailedState => IsDown ? MigrationState.RevertFailed : MigrationState.Failed;

    /// <summary>Writes what became of a failed script; the failure itself matters more than a journal that cannot be written.</summary>
    protected async Task JournalFailureAsync(JournalEntry entry)
    {
        // Not the caller's token: it may be what ended the script.
        using var limit = new CancellationTokenSource(FailureWriteLimit);
        try
        {
            await Context.Journal.WriteAsync(entry, limit.Token);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or OperationCanceledException or IOException)
        {
            LogJournalUnwritable(Context.Logger, e, Script.Name);
        }
    }

    protected MigrationFailedException Failure(int index, Exception cause, string consequence)
    {
        var statement = Statements[index];
        var hint = Database.KindOf(statement) == StatementKind.Alone && !Script.File.Header.NoTransaction
            ? " Put '-- no-transaction' into the file's header if the statement cannot run in a transaction."
            : "";
        return new MigrationFailedException(
            $"{FileName}:{statement.Line}: statement {index + 1} of {Statements.Count} ({statement.Summary}) failed: {RunContext.Describe(cause).TrimEnd('.')}.{hint} {consequence}",
            cause);
    }

    /// <summary>Long enough for a server under load, short enough for a shutdown.</summary>
    private static readonly TimeSpan FailureWriteLimit = TimeSpan.FromSeconds(10);

    [LoggerMessage(20, LogLevel.Warning, "The journal could not be told that {Migration} stopped.")]
    private static partial void LogJournalUnwritable(ILogger logger, Exception exception, string migration);
}

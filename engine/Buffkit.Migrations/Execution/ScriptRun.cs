using System.Data;
using System.Data.Common;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Runs one script in one direction. The two ways to do so differ in what a failure leaves behind.</summary>
internal abstract partial class ScriptRun(RunContext context, MigrationScript script) : IDisposable
{
    private readonly long _started = context.Time.GetTimestamp();

    protected RunContext Context { get; } = context;

    protected MigrationDatabase Database => Context.Database;

    protected MigrationScript Script { get; } = script;

    protected IReadOnlyList<Statement> Statements { get; } = script.File.Statements(context.Database.Engine);

    protected TimeSpan Elapsed => Context.Time.GetElapsedTime(_started);

    protected bool IsDown => Script.Direction == Direction.Down;

    /// <summary>Gets or sets a value indicating whether the session may no longer be as the script found it.</summary>
    protected bool Touched { get; set; }

    protected string FileName => Script.File.Path;

    public static ScriptRun For(RunContext context, MigrationScript script) =>
        context.Database.Engine.HasTransactionalDdl && !script.File.Header.NoTransaction && !IsBegun(context, script)
            ? new TransactionalRun(context, script)
            : new StatementwiseRun(context, script);

    // Begun statement by statement, it goes on so, even if its file says otherwise by now: what was done is not done again.
    private static bool IsBegun(RunContext context, MigrationScript script) =>
        context.Journal.Entries.GetValueOrDefault(script.Name) is { } entry
        && entry.State.IsHalfway()
        && entry.State.IsDownward() == (script.Direction == Direction.Down)
        && (entry.StatementsDone > 0 || entry.StatementStarted > 0);

    /// <exception cref="MigrationFailedException">A statement failed.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        // A failure ends the run, and with it the session.
        await RunScriptAsync(cancellation);
        if (Touched)
        {
            await ResetAsync();
        }
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    protected abstract Task RunScriptAsync(CancellationToken cancellation);

    /// <summary>Sends one statement, with its span, its measure, and someone who watches how long it takes.</summary>
    protected async Task ExecuteAsync(int index, CancellationToken cancellation)
    {
        var statement = Statements[index];
        Context.Report(Script, index, Statements.Count, statement.Summary, Elapsed);
        using var activity = MigrationTelemetry.Source.StartActivity(statement.Summary, ActivityKind.Client);
        activity?.SetTag("db.system.name", Database.Engine.SystemName);
        activity?.SetTag("db.query.summary", statement.Summary);
        activity?.SetTag("migrations.statement", index + 1);
        var started = Context.Time.GetTimestamp();
        var touches = Database.Engine.Kinds.Touches(statement);
        Touched |= touches;
        await using var watch = SlowStatementWatch.Start(Context, Script.Name, index + 1, statement);
        try
        {
            await Database.ExecuteAsync(statement, Script.File.Header.StatementTimeout, cancellation);
            if (touches)
            {
                await Database.Lock.VerifyAsync(cancellation);
            }
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
                new KeyValuePair<string, object?>("db.system.name", Database.Engine.SystemName));
        }
    }

    protected MigrationState EndState => IsDown ? MigrationState.Reverted : MigrationState.Applied;

    protected MigrationState FailedState => IsDown ? MigrationState.RevertFailed : MigrationState.Failed;

    /// <summary>Whether the server is gone, so that it did not say what became of the last thing it was asked.</summary>
    protected async Task<bool> IsLostAsync(Exception cause) =>
        cause is DbException or IOException or InvalidOperationException
        && (Database.Session.State != ConnectionState.Open
            || Database.JournalSession.State != ConnectionState.Open
            || await Database.IsConnectionLostAsync(cause));

    /// <summary>Writes what became of a failed script; the failure itself matters more than a journal that cannot be written.</summary>
    protected async Task JournalFailureAsync(JournalEntry entry)
    {
        // Not the caller's token: it may be what ended the script.
        using var limit = new CancellationTokenSource(FailureWriteLimit);
        try
        {
            if (Touched)
            {
                // The script may have left us a role that must not write.
                await QuietlyAsync(() => Database.ResetSettingsAsync(limit.Token));
            }

            // Without the lock it is another runner's journal by now.
            if (await Database.Lock.TryKeepAsync(limit.Token))
            {
                await Context.Journal.WriteAsync(entry, limit.Token);
            }
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or OperationCanceledException or IOException)
        {
            LogJournalUnwritable(Context.Logger, e, Script.Name);
        }
    }

    /// <summary>Does what matters less than the failure that it follows.</summary>
    protected async Task QuietlyAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or IOException or MigrationException)
        {
            // A session that is gone has been rolled back by the server; SQLite ends some transactions itself.
            LogNotCleaned(Context.Logger, e, Script.Name);
        }
    }

    protected MigrationFailedException Failure(int index, Exception cause, string consequence)
    {
        var statement = Statements[index];
        var hint = (Database.Engine.Kinds.Of(statement) == StatementKind.Alone || Database.Engine.Errors.IsRefusedInTransaction(cause)) && !Script.File.Header.NoTransaction
            ? " Put '-- no-transaction' into the file's header if the statement cannot run in a transaction."
            : "";
        return new MigrationFailedException(
            $"{FileName}:{statement.Line}: statement {index + 1} of {Statements.Count} ({statement.Summary}) failed: {Database.Engine.Errors.Describe(cause).TrimEnd('.')}.{hint}{Database.Engine.Errors.HintFor(statement, cause)} {consequence}",
            cause);
    }

    private async Task ResetAsync()
    {
        try
        {
            await Database.ResetSessionAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or IOException or MigrationException)
        {
            // The next script would find what this one set, or run beside another runner.
            throw new MigrationFailedException(
                $"{FileName} is done and counts as done, but its session could not be made ready for what follows: {Database.Engine.Errors.Describe(e).TrimEnd('.')}. Run again to go on.", e);
        }
    }

    /// <summary>Long enough for a server under load, short enough for a shutdown.</summary>
    private static readonly TimeSpan FailureWriteLimit = TimeSpan.FromSeconds(5);

    [LoggerMessage(20, LogLevel.Warning, "The journal could not be told that {Migration} stopped.")]
    private static partial void LogJournalUnwritable(ILogger logger, Exception exception, string migration);

    [LoggerMessage(21, LogLevel.Debug, "The session of {Migration} could not be cleaned; the server did so when it ended.")]
    private static partial void LogNotCleaned(ILogger logger, Exception exception, string migration);
}

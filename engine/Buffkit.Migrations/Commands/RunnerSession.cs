using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>What a command has once it is connected: the folder, the database, the journal.</summary>
internal sealed partial class RunnerSession : IAsyncDisposable
{
    private static readonly TimeSpan ConnectRetry = TimeSpan.FromMilliseconds(500);

    private readonly RunnerServices _services;
    private IReadOnlyList<ScriptProblem>? _disagreements;

    private RunnerSession(RunnerServices services, ScriptFolder folder, MigrationDatabase database)
    {
        (_services, Folder, Database) = (services, folder, database);
        Journal = new Journal(database, services.Options.Who, services.Time);
    }

    public ScriptFolder Folder { get; }

    public MigrationDatabase Database { get; }

    public Journal Journal { get; }

    /// <summary>Gets where folder and journal do not agree, as of the last reading of the journal.</summary>
    public IReadOnlyList<ScriptProblem> Disagreements => _disagreements ??= [.. JournalCheck.Check(Folder, Journal)];

    /// <summary>Reads the folder.</summary>
    /// <exception cref="MigrationValidationException">A script cannot be run as it is.</exception>
    public static ScriptFolder ReadFolder(MigrationOptions options)
    {
        options.Validate();
        var folder = ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine);
        var fatal = folder.Problems.Where(problem => problem is { IsError: true, Kind: not ProblemKind.MissingDown }).ToList();
        return fatal.Count == 0 ? folder : throw new MigrationValidationException(fatal);
    }

    /// <summary>Connects.</summary>
    public static async Task<RunnerSession> OpenAsync(
        RunnerServices services, ScriptFolder folder, bool readOnly, CancellationToken cancellation) =>
        new(services, folder, await ConnectAsync(services, readOnly, cancellation));

    /// <summary>Reads the folder, connects, locks and reads the journal.</summary>
    public static async Task<RunnerSession> OpenLockedAsync(RunnerServices services, CancellationToken cancellation)
    {
        var session = await OpenAsync(services, ReadFolder(services.Options), readOnly: false, cancellation);
        try
        {
            await session.LockAsync(cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Connects, again and again for as long as the options say.</summary>
    public static async Task<MigrationDatabase> ConnectAsync(RunnerServices services, bool readOnly, CancellationToken cancellation)
    {
        var (options, logger, time) = services;
        options.Validate();
        var started = time.GetTimestamp();
        while (true)
        {
            var database = options.RequiredEngine.Open(options.ConnectionString, time);
            try
            {
                await database.OpenAsync(readOnly, cancellation);
                return database;
            }
            catch (DatabaseUnavailableException e) when (time.GetElapsedTime(started) < options.ConnectWait)
            {
                await database.DisposeAsync();
                LogNotThere(logger, e.Message);
                await Task.Delay(ConnectRetry, time, cancellation);
            }
            catch
            {
                await database.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>Becomes the only runner, and reads the journal, which is made where there is none.</summary>
    public async Task LockAsync(CancellationToken cancellation)
    {
        await RunnerLock.TakeAsync(Database, _services, cancellation);
        await PrepareJournalAsync(cancellation);
        _disagreements = null;
    }

    /// <summary>Reads the journal.</summary>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> TryReadJournalAsync(CancellationToken cancellation)
    {
        _disagreements = null;
        return await Journal.ReadAsync(cancellation);
    }

    /// <summary>Reads the journal as it is, or as it would be taken over from DbUp.</summary>
    public async Task ReadOrAssumeJournalAsync(CancellationToken cancellation)
    {
        if (!Database.IsAbsent && !await TryReadJournalAsync(cancellation))
        {
            Journal.Assume(await AdoptedJournal.ReadAsync(Database, Folder.Migrations, cancellation));
        }
    }

    public RunContext Context() => new(Database, Journal, _services.Logger, _services.Time, _services.Options);

    public MigrationEngineRun Run(MigrationPlan plan, CancellationToken cancellation) => new(Context(), plan, cancellation);

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    /// <summary>Reads the journal under the lock; creates it where there is none, with what DbUp's own journal lists.</summary>
    private async Task PrepareJournalAsync(CancellationToken cancellation)
    {
        // An empty journal may be one whose creator died before it had taken over DbUp's.
        if (await Journal.ReadAsync(cancellation) && Journal.Entries.Count > 0)
        {
            await Journal.CheckWritableAsync(cancellation);
            return;
        }

        var adopted = await AdoptedJournal.ReadAsync(Database, Folder.Migrations, cancellation);
        // What it takes over appears at once, or a crash between would let some of it run again.
        if (Database.Engine.HasTransactionalDdl)
        {
            await Database.ExecuteAsync("BEGIN", cancellation);
        }

        try
        {
            await Database.ExecuteAsync(Database.Engine.JournalSql.Create(Database.JournalTable), cancellation);
        }
        catch (DbException e) when (Database.Engine.Errors.TroubleOf(e) is not JournalTrouble.None and var trouble)
        {
            throw Journal.Trouble(trouble, "create", e);
        }

        if (!Database.Engine.HasTransactionalDdl)
        {
            await Database.ExecuteAsync("START TRANSACTION", cancellation);
        }

        foreach (var entry in adopted)
        {
            await Journal.WriteAsync(entry, Database.Session, cancellation);
        }

        await Database.ExecuteAsync("COMMIT", cancellation);
        await Journal.CheckWritableAsync(cancellation);
        if (adopted.Count > 0)
        {
            LogAdopted(_services.Logger, adopted.Count, AdoptedJournal.TableName);
        }
    }

    [LoggerMessage(6, LogLevel.Information, "{Count} entries taken over from {Table}.")]
    private static partial void LogAdopted(ILogger logger, int count, string table);

    [LoggerMessage(7, LogLevel.Information, "Waiting for the server: {Reason}")]
    private static partial void LogNotThere(ILogger logger, string reason);
}

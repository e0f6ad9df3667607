using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Brings a database's schema up to date, takes it back, and says how it stands.</summary>
/// <remarks>
/// Safe to call from any number of processes at once: one of them works, the others wait and find nothing left to do.
/// Each call opens sessions of its own and closes them.
/// </remarks>
public sealed partial class MigrationRunner(
    MigrationOptions options, ILogger<MigrationRunner> logger, TimeProvider time)
{
    private readonly ILogger _logger = logger;

    /// <summary>Applies every pending migration.</summary>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)"/>
    public Task<IReadOnlyList<CompletedMigration>> UpAsync(CancellationToken cancellationToken = default) =>
        UpAsync(new UpRequest(), cancellationToken);

    /// <summary>Applies pending migrations, in order; one that stopped half-way is resumed.</summary>
    /// <returns>What was applied; empty if there was nothing to do.</returns>
    /// <exception cref="MigrationFailedException">A statement failed; migrations before it stay applied.</exception>
    /// <exception cref="MigrationValidationException">The scripts are wrong, or one that was applied has changed; nothing was run.</exception>
    /// <exception cref="MigrationLockTimeoutException">Another runner was at work for longer than <see cref="MigrationOptions.LockWait"/>.</exception>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    /// <exception cref="MigrationConfigurationException">An option or a name does not fit.</exception>
    public async Task<IReadOnlyList<CompletedMigration>> UpAsync(UpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var activity = MigrationTelemetry.Source.StartActivity("migrations up");
        var folder = ReadFolder();
        var target = MigrationTarget.Of(folder, request.To, request.Steps);
        await using var database = await OpenAsync(readOnly: false, cancellationToken);
        var journal = new Journal(database, options.Who, time);

        var run = Run(database, journal, folder.Migrations, Direction.Up, target, cancellationToken);

        // One statement tells a database that is up to date, and nobody has to wait for a lock to hear it. Anything else
        // may be the work of a runner that is under way, and counts only once that one has ended.
        var isKnown = await journal.ReadAsync(cancellationToken);
        var isUpToDate = isKnown && run.Plan().Count == 0 && ProblemsBeforeUp(folder, journal, [], request.OutOfOrder).Count == 0;
        if (!isUpToDate)
        {
            await LockAsync(database, cancellationToken);
            await PrepareJournalAsync(database, journal, folder, cancellationToken);
            ThrowIfAny(ProblemsBeforeUp(folder, journal, run.Plan(), request.OutOfOrder));
        }

        WarnOfMissingFiles(folder, journal);
        if (isUpToDate)
        {
            LogUpToDate(_logger);
            return [];
        }

        var completed = await run.RunAsync();
        LogApplied(_logger, completed.Count);
        return completed;
    }

    /// <summary>Undoes applied migrations, the last first.</summary>
    /// <returns>What was undone.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<CompletedMigration>> DownAsync(DownRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var activity = MigrationTelemetry.Source.StartActivity("migrations down");
        var (folder, database, journal) = await BeginAsync(cancellationToken);
        await using (database)
        {
            return await DownAsync(folder, database, journal, request, cancellationToken);
        }
    }

    /// <summary>Undoes migrations and applies them again, to try a way down or a corrected script.</summary>
    /// <param name="steps">How many, at least 1.</param>
    /// <param name="cancellationToken">Cancels the running statement.</param>
    /// <returns>What was undone and applied.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<CompletedMigration>> RedoAsync(int steps, CancellationToken cancellationToken)
    {
        using var activity = MigrationTelemetry.Source.StartActivity("migrations redo");
        var (folder, database, journal) = await BeginAsync(cancellationToken);
        await using (database)
        {
            var undone = await DownAsync(folder, database, journal, new DownRequest(Steps: steps), cancellationToken);
            var target = new MigrationTarget(Only: undone.Select(migration => migration.Name).ToHashSet());
            var run = Run(database, journal, folder.Migrations, Direction.Up, target, cancellationToken);
            return [.. undone, .. await run.RunAsync()];
        }
    }

    /// <summary>Runs the seeds of an environment that have not run, or have changed since.</summary>
    /// <returns>What was run.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<CompletedMigration>> SeedAsync(string environment, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(environment))
        {
            throw new MigrationConfigurationException("--environment is empty. Name a folder under seeds, such as development.");
        }

        using var activity = MigrationTelemetry.Source.StartActivity("migrations seed");
        var (folder, database, journal) = await BeginAsync(cancellationToken);
        await using (database)
        {
            var prefix = $"seeds/{environment}/";
            var seeds = folder.Seeds.Where(seed => seed.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).ToList();
            if (seeds.Count == 0)
            {
                throw new MigrationConfigurationException(
                    $"There is no seeds/{environment}/*.sql. Environments: {Join(folder.Seeds.Select(seed => seed.Name.Split('/')[1]).Distinct())}.");
            }

            return await Run(database, journal, seeds, Direction.Up, MigrationTarget.All, cancellationToken).RunAsync();
        }
    }

    private async Task<IReadOnlyList<CompletedMigration>> DownAsync(
        ScriptFolder folder, MigrationDatabase database, Journal journal, DownRequest request, CancellationToken cancellation)
    {
        var target = request.To is null
            ? MigrationTarget.Of(folder, null, request.Steps ?? 1)
            : MigrationTarget.Of(folder, request.To, request.Steps, allowZero: true);
        var run = Run(database, journal, folder.Migrations, Direction.Down, target, cancellation);
        CheckBeforeDown(folder, journal, run.Plan());
        var completed = await run.RunAsync();
        LogReverted(_logger, completed.Count);
        return completed;
    }

    private static string Join(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";

    [LoggerMessage(1, LogLevel.Information, "The schema is up to date.")]
    private static partial void LogUpToDate(ILogger logger);

    [LoggerMessage(2, LogLevel.Information, "{Count} migrations applied; the schema is up to date.")]
    private static partial void LogApplied(ILogger logger, int count);

    [LoggerMessage(3, LogLevel.Information, "{Count} migrations undone.")]
    private static partial void LogReverted(ILogger logger, int count);
}

/// <summary>How far <c>up</c> goes.</summary>
/// <param name="To">The last migration to apply, by number or name; <see langword="null"/> for all.</param>
/// <param name="Steps">At most so many; <see langword="null"/> for all.</param>
/// <param name="OutOfOrder">Whether a pending migration may be older than one already applied.</param>
public sealed record UpRequest(string? To = null, int? Steps = null, bool OutOfOrder = false);

/// <summary>How far <c>down</c> goes.</summary>
/// <param name="To">The migration to go back to, which stays; <c>0</c> for before the first. <see langword="null"/> for one step.</param>
/// <param name="Steps">At most so many.</param>
public sealed record DownRequest(string? To = null, int? Steps = null);

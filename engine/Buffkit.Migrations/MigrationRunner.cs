using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Brings a database's schema up to date, takes it back, and says how it stands.</summary>
/// <remarks>
/// Safe to call from any number of processes at once: one of them works, the others wait and find nothing left to do.
/// Each call opens sessions of its own and closes them.
/// </remarks>
public sealed class MigrationRunner(MigrationOptions options, ILogger<MigrationRunner> logger, TimeProvider time)
{
    private readonly RunnerServices _services = new(options, logger, time);

    internal RunnerServices Services => _services;

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
    public Task<IReadOnlyList<CompletedMigration>> UpAsync(UpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new UpCommand(_services).RunAsync(request, cancellationToken);
    }

    /// <summary>Undoes applied migrations, the last first.</summary>
    /// <returns>What was undone.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<CompletedMigration>> DownAsync(DownRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new DownCommand(_services).RunAsync(request, cancellationToken);
    }

    /// <summary>Undoes migrations and applies them again, to try a way down or a corrected script.</summary>
    /// <param name="steps">How many, at least 1.</param>
    /// <param name="cancellationToken">Cancels the running statement.</param>
    /// <returns>What was undone and applied.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<CompletedMigration>> RedoAsync(int steps, CancellationToken cancellationToken) =>
        new RedoCommand(_services).RunAsync(steps, cancellationToken);

    /// <summary>Runs the seeds of an environment that have not run, or have changed since.</summary>
    /// <returns>What was run.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<CompletedMigration>> SeedAsync(string environment, CancellationToken cancellationToken) =>
        new SeedCommand(_services).RunAsync(environment, cancellationToken);

    /// <summary>Tells how every migration stands. Changes nothing and waits for nobody.</summary>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    /// <exception cref="MigrationConfigurationException">An option does not fit.</exception>
    public Task<MigrationStatus> StatusAsync(CancellationToken cancellationToken) =>
        new StatusCommand(_services).RunAsync(cancellationToken);

    /// <summary>Checks the scripts, and with the database also what has become of them there.</summary>
    /// <param name="offline">Whether to leave the database alone.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>Everything found; empty if all is well.</returns>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    /// <exception cref="MigrationConfigurationException">An option does not fit.</exception>
    public async Task<IReadOnlyList<ScriptProblem>> ValidateAsync(bool offline, CancellationToken cancellationToken) => offline
        ? ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine).Problems
        : (await StatusAsync(cancellationToken)).Problems;

    /// <summary>Checks the ways up for blocking and destructive statements. Needs no database.</summary>
    /// <param name="pendingOnly">Whether to ask the database and leave out what it already has.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="MigrationValidationException">A script cannot be read.</exception>
    /// <exception cref="MigrationConfigurationException">An option does not fit.</exception>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    public Task<IReadOnlyList<LintFinding>> LintAsync(bool pendingOnly, CancellationToken cancellationToken) =>
        new LintCommand(_services).RunAsync(pendingOnly, cancellationToken);

    /// <summary>
    /// Tries the pending migrations. On PostgreSQL and SQLite they really run, in one transaction that is rolled back;
    /// on MySQL, which cannot take DDL back, they are only listed.
    /// </summary>
    /// <returns>The pending migrations with their statements and what lint says.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<DryRun> DryRunAsync(UpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new DryRunCommand(_services).RunAsync(request, cancellationToken);
    }

    /// <summary>Applies all migrations, from nothing, to a database made for it on the same MySQL server and dropped at the end.</summary>
    /// <returns>What was applied there.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<CompletedMigration>> ScratchRunAsync(CancellationToken cancellationToken) =>
        new ScratchCommand(_services).RunAsync(cancellationToken);

    /// <summary>Writes migrations into the journal as applied, for a database that has their schema already.</summary>
    /// <param name="to">The last one, by number or name; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    /// <returns>The names that were written.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<string>> BaselineAsync(string? to, CancellationToken cancellationToken) =>
        new BaselineCommand(_services).RunAsync(to, cancellationToken);

    /// <summary>
    /// Sets the journal right: forgets failures that left nothing behind, takes over the checksums of files that
    /// changed, moves the rows of files that were renamed, forgets migrations whose files are gone, and settles statements whose outcome was not known.
    /// </summary>
    /// <param name="request">What a person decided about migrations that stopped half-way.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    /// <returns>What was done, a sentence for each.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public Task<IReadOnlyList<Repair>> RepairAsync(RepairRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new RepairCommand(_services).RunAsync(request, cancellationToken);
    }

    /// <summary>Writes the database's schema as SQL, in the same order every time, without the journal.</summary>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    public Task<string> DumpAsync(CancellationToken cancellationToken) =>
        new DumpCommand(_services).RunAsync(cancellationToken);
}

namespace Buffkit.Migrations;

/// <summary>Trying the pending migrations without keeping them.</summary>
public sealed partial class MigrationRunner
{
    /// <summary>
    /// Tries the pending migrations. On PostgreSQL and SQLite they really run, in one transaction that is rolled back;
    /// on MySQL, which cannot take DDL back, they are only listed.
    /// </summary>
    /// <returns>The pending migrations with their statements and what lint says.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<DryRun> DryRunAsync(UpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var folder = ReadFolder();
        await using var database = await OpenAsync(readOnly: false, cancellationToken);
        if (database.HasTransactionalDdl)
        {
            await LockAsync(database, cancellationToken);
        }

        var journal = await ReadJournalAsync(database, folder, cancellationToken);
        var plan = Run(database, journal, folder.Migrations, Direction.Up, MigrationTarget.Of(folder, request.To, request.Steps), cancellationToken).Plan();
        ThrowIfAny(ProblemsBeforeUp(folder, journal, plan, request.OutOfOrder));
        var tried = database.HasTransactionalDdl
            ? await TryAsync(new RunContext(database, journal, _logger, time, options) { Count = plan.Count }, plan, cancellationToken)
            : [];
        return new DryRun(
            Executed: database.HasTransactionalDdl,
            [.. plan.Select(script => new DryRunMigration(
                script.Name,
                tried.Contains(script.Name),
                [.. script.File.Statements(options.RequiredEngine).Select(statement => statement.Text)]))],
            [.. plan.SelectMany(script => Linter.Lint(script.File, options.RequiredEngine))])
        {
            Caveat = tried.Count > 0 ? database.TrialCaveat : null,
        };
    }

    /// <summary>Applies all migrations, from nothing, to a database made for it on the same MySQL server and dropped at the end.</summary>
    /// <returns>What was applied there.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<CompletedMigration>> ScratchRunAsync(CancellationToken cancellationToken)
    {
        options.Validate();
        var scratch = $"scratch_{Guid.NewGuid():N}";
        if (options.RequiredEngine.ForScratch(options.ConnectionString, scratch) is not { } connectionString)
        {
            throw new MigrationConfigurationException("--scratch is for MySQL. Elsewhere dry-run really runs the migrations and rolls them back.");
        }

        await using var server = await OpenAsync(readOnly: false, cancellationToken);
        await ExecuteOnAsync(server, $"CREATE DATABASE {scratch}", cancellationToken);
        try
        {
            var runner = new MigrationRunner(
                new MigrationOptions
                {
                    Engine = options.Engine,
                    ConnectionString = connectionString,
                    ScriptsPath = options.ScriptsPath,
                    SlowAfter = options.SlowAfter,
                    Who = options.Who,
                    Progress = options.Progress,
                },
                logger,
                time);
            return await runner.UpAsync(cancellationToken);
        }
        finally
        {
            await ExecuteOnAsync(server, $"DROP DATABASE {scratch}", CancellationToken.None);
        }
    }

    private static async Task<HashSet<string>> TryAsync(
        RunContext context, IReadOnlyList<MigrationScript> plan, CancellationToken cancellation)
    {
        var tried = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        await context.Database.BeginAsync(new ScriptHeader(), cancellation);
        try
        {
            foreach (var script in plan)
            {
                if (script.File.Header.NoTransaction)
                {
                    // It cannot run in this transaction, and what comes after it may need what it does.
                    break;
                }

                context.Number++;
                using var run = new TrialRun(context, script);
                await run.RunAsync(cancellation);
                tried.Add(script.Name);
            }
        }
        finally
        {
            await context.Database.RollbackAsync();
        }

        return tried;
    }

    private static async Task ExecuteOnAsync(MigrationDatabase server, string sql, CancellationToken cancellation)
    {
        await using var command = server.JournalSession.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

/// <summary>What a dry run showed.</summary>
/// <param name="Executed">Whether the migrations really ran and were rolled back.</param>
/// <param name="Migrations">The pending ones.</param>
/// <param name="Findings">What lint says about them.</param>
public sealed record DryRun(bool Executed, IReadOnlyList<DryRunMigration> Migrations, IReadOnlyList<LintFinding> Findings)
{
    /// <summary>Gets what rolling back does not take back; <see langword="null"/> where that is nothing.</summary>
    public string? Caveat { get; init; }
}

/// <summary>One pending migration.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tried">Whether it ran; one that is <c>no-transaction</c> and those after it cannot.</param>
/// <param name="Statements">Its statements.</param>
public sealed record DryRunMigration(string Name, bool Tried, IReadOnlyList<string> Statements);

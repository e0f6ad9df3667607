namespace Buffkit.Migrations;

/// <summary>Tries what is pending without keeping it.</summary>
internal sealed class DryRunCommand(RunnerServices services)
{
    public async Task<DryRun> RunAsync(UpRequest request, CancellationToken cancellation)
    {
        var folder = RunnerSession.ReadFolder(services.Options);
        await using var session = await RunnerSession.OpenAsync(services, folder, readOnly: false, cancellation);
        var database = session.Database;
        if (database.Engine.HasTransactionalDdl)
        {
            await RunnerLock.TakeAsync(database, services, cancellation);
        }

        await session.ReadOrAssumeJournalAsync(cancellation);
        var plan = MigrationPlan.Up(folder.Migrations, session.Journal, MigrationTarget.Of(folder, request.To, request.Steps));
        MigrationValidationException.ThrowIfAny(UpCommand.Problems(session, plan, request.OutOfOrder));
        var tried = database.Engine.HasTransactionalDdl ? await TryAsync(session.Context(), plan, cancellation) : [];
        return new DryRun(
            Executed: database.Engine.HasTransactionalDdl,
            [.. plan.Scripts.Select(script => new DryRunMigration(
                script.Name,
                tried.Contains(script.Name),
                [.. script.File.Statements(database.Engine).Select(statement => statement.Text)]))],
            [.. plan.Scripts.SelectMany(script => Linter.Lint(script.File, database.Engine))])
        {
            Caveat = tried.Count > 0 ? database.Engine.TrialCaveat : null,
        };
    }

    private static async Task<HashSet<string>> TryAsync(RunContext context, MigrationPlan plan, CancellationToken cancellation)
    {
        var tried = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        context.Count = plan.Scripts.Count;
        await context.Database.BeginAsync(new ScriptHeader(), cancellation);
        try
        {
            foreach (var script in plan.Scripts)
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
}

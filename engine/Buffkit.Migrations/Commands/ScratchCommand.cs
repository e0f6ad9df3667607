namespace Buffkit.Migrations;

/// <summary>Applies all migrations, from nothing, to a database that is made for it and dropped at the end.</summary>
internal sealed class ScratchCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<CompletedMigration>> RunAsync(CancellationToken cancellation)
    {
        var options = services.Options;
        options.Validate();
        var scratch = $"scratch_{Guid.NewGuid():N}";
        if (options.RequiredEngine.ForScratch(options.ConnectionString, scratch) is not { } connectionString)
        {
            throw new MigrationConfigurationException("--scratch is for MySQL. Elsewhere dry-run really runs the migrations and rolls them back.");
        }

        await using var server = await RunnerSession.ConnectAsync(services, readOnly: false, cancellation);
        await ExecuteAsync(server, $"CREATE DATABASE {scratch}", cancellation);
        try
        {
            var all = new MigrationOptions
            {
                Engine = options.Engine,
                ConnectionString = connectionString,
                ScriptsPath = options.ScriptsPath,
                SlowAfter = options.SlowAfter,
                Who = options.Who,
                Progress = options.Progress,
            };
            return await new UpCommand(services with { Options = all }).RunAsync(new UpRequest(), cancellation);
        }
        finally
        {
            await ExecuteAsync(server, $"DROP DATABASE {scratch}", CancellationToken.None);
        }
    }

    private static async Task ExecuteAsync(MigrationDatabase server, string sql, CancellationToken cancellation)
    {
        await using var command = server.JournalSession.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

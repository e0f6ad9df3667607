using System.Diagnostics;
using Buffkit.Migrations;
using Buffkit.Migrations.Postgres;
using DbUp;
using DbUp.Engine.Output;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Buffkit.Benchmarks;

/// <summary>One run of each, on a database of its own.</summary>
internal sealed class MigrationRound(string connection, MigrationFolder folder)
{
    /// <summary>Runs both.</summary>
    /// <param name="oursFirst">Whoever comes first finds the machine otherwise than whoever comes second.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    /// <returns>Seconds of each.</returns>
    public async Task<(double Ours, double Plain)> RunAsync(bool oursFirst, CancellationToken cancellationToken)
    {
        if (oursFirst)
        {
            var ours = await TimeAsync(OursAsync, cancellationToken);
            return (ours, await TimeAsync(PlainAsync, cancellationToken));
        }

        var plain = await TimeAsync(PlainAsync, cancellationToken);
        return (await TimeAsync(OursAsync, cancellationToken), plain);
    }

    private async Task<double> TimeAsync(Func<string, CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        var name = $"benchmark_{Guid.NewGuid():N}";
        await using var server = NpgsqlDataSource.Create(connection);
        await using (var create = server.CreateCommand($"CREATE DATABASE {name}"))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        try
        {
            var database = new NpgsqlConnectionStringBuilder(connection) { Database = name }.ToString();
            var started = Stopwatch.GetTimestamp();
            await run(database, cancellationToken);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            await using var drop = server.CreateCommand($"DROP DATABASE {name} WITH (FORCE)");
            await drop.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private async Task OursAsync(string database, CancellationToken cancellationToken)
    {
        var options = new MigrationOptions { Engine = new PostgresEngine(), ConnectionString = database, ScriptsPath = folder.Path };
        var applied = await new MigrationRunner(options, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(cancellationToken);
        Require(applied.Count);
    }

    private Task PlainAsync(string database, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var result = DeployChanges.To.PostgresqlDatabase(database)
            .WithScriptsFromFileSystem(folder.Path)
            .WithVariablesDisabled().WithTransactionPerScript().LogTo(new NoOpUpgradeLog()).Build().PerformUpgrade();
        if (!result.Successful)
        {
            throw new CannotMeasureException($"Plain DbUp failed: {result.Error.Message}");
        }

        Require(result.Scripts.Count());
        return Task.CompletedTask;
    }

    private void Require(int applied)
    {
        if (applied != folder.Count)
        {
            throw new CannotMeasureException($"{applied} of {folder.Count} migrations were applied, so the times say nothing.");
        }
    }
}

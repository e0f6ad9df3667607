using DbUp;
using DbUp.Builder;
using DbUp.Engine;
using DbUp.Engine.Output;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Brings a database's schema up to date.</summary>
public sealed partial class MigrationRunner(
    MigrationOptions options, ILogger<MigrationRunner> logger, TimeProvider time)
{
    private readonly ILogger _logger = logger;

    /// <summary>Applies every migration that the database does not have yet, each in a transaction of its own.</summary>
    /// <returns>How many migrations were applied; 0 if the database was up to date.</returns>
    /// <exception cref="MigrationFailedException">A migration failed; those before it stay applied.</exception>
    public async Task<int> UpAsync(CancellationToken cancellationToken = default)
    {
        var started = time.GetTimestamp();
        var engine = BuildEngine();
        // DbUp is synchronous.
        var result = await Task.Run(engine.PerformUpgrade, cancellationToken);
        if (!result.Successful)
        {
            throw new MigrationFailedException(
                $"Migration '{result.ErrorScript?.Name}' failed: {result.Error.Message}", result.Error);
        }

        var applied = result.Scripts.Count();
        LogDone(applied, time.GetElapsedTime(started));
        return applied;
    }

    private UpgradeEngine BuildEngine()
    {
        UpgradeEngineBuilder builder = options.Engine switch
        {
            MigrationEngine.Postgres => DeployChanges.To.PostgresqlDatabase(options.ConnectionString),
            MigrationEngine.Sqlite => DeployChanges.To.SqliteDatabase(options.ConnectionString),
            _ => throw new NotSupportedException($"No migrations for {options.Engine}."),
        };
        return builder
            .WithScripts(ReadScripts())
            .WithVariablesDisabled()
            .WithTransactionPerScript()
            .LogTo(new NoOpUpgradeLog())
            .Build();
    }

    /// <summary>A file for this engine stands in for the common one of the same migration.</summary>
    private IEnumerable<SqlScript> ReadScripts()
    {
        const string Up = ".up.sql";
        var own = $".{options.Engine.ToString().ToLowerInvariant()}{Up}";
        var files = Directory.GetFiles(options.ScriptsPath, "*" + Up).Select(path => Path.GetFileName(path)).ToHashSet();
        return from file in files
               let name = file[..^Up.Length]
               where !name.Contains('.', StringComparison.Ordinal)
               let chosen = files.Contains(name + own) ? name + own : file
               select new SqlScript(name, File.ReadAllText(Path.Combine(options.ScriptsPath, chosen)));
    }

    [LoggerMessage(1, LogLevel.Information, "Database is up to date: {Applied} migrations applied in {Duration}.")]
    private partial void LogDone(int applied, TimeSpan duration);
}

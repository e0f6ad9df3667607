using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>Looks at one thing, with a session of its own: what one check does to a session is nothing to the next.</summary>
internal sealed class DatabaseExamination(MigrationRunner runner, DatabaseCheck check) : IHealthCheck
{
    /// <summary>The checks of every engine, the first of which says whether there is a database at all.</summary>
    public static IEnumerable<DatabaseCheck> Of(MigrationEngine engine) => [Reached, .. engine.Checks, .. engine.HasRights ? [Rights] : Array.Empty<DatabaseCheck>()];

    public const string ReachedName = "database";

    private static DatabaseCheck Reached { get; } = new(ReachedName, async (examined, cancellation) =>
        examined.Database.IsAbsent
            ? Finding.Ok($"{examined.Database.Place} is not there yet; up makes it.")
            : Finding.Ok($"{examined.Database.Engine.Name} {await examined.Database.VersionAsync(cancellation)}: {examined.Database.Place}."))
    {
        NeedsDatabase = false,
    };

    private static DatabaseCheck Rights { get; } = new("database rights", async (examined, cancellation) =>
    {
        var (database, services) = examined;
        var journal = new Journal(database, services.Options.Who, services.Time);
        if (await journal.ReadAsync(cancellation))
        {
            await journal.CheckWritableAsync(cancellation);
            return Finding.Ok("The login may read and write the journal.");
        }

        return database.Engine.MayCreateSql is { } sql && await examined.ValueAsync(sql, cancellation) is not ("1" or "True")
            ? Finding.Failed(
                "There is no journal yet, and the login may not create tables.",
                "Grant it CREATE in the schema, and what the migrations themselves do; or let a login that has it migrate.")
            : Finding.Ok("There is no journal yet; the login may create it.");
    });

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var services = runner.Services;
        try
        {
            services.Options.Validate();
            await using var database = services.Options.RequiredEngine.Open(services.Options.ConnectionString, services.Time);
            if (check.NeedsSession)
            {
                await database.OpenAsync(readOnly: true, cancellationToken);
            }

            return check.NeedsDatabase && check.NeedsSession && database.IsAbsent
                ? Finding.Ok("There is no database yet.")
                : await check.LookAsync(new ExaminedDatabase(database, services), cancellationToken);
        }
        catch (DatabaseUnavailableException e)
        {
            return Finding.Failed(e.Message, "Bring the server back, or give the right connection string. Servers go on with what they have and come back by themselves.", e);
        }
        catch (MigrationException e)
        {
            return Finding.Failed(e.Message, "Do what the message says, then run doctor again.", e);
        }
    }
}

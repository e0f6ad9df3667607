using Buffkit.Migrations;
using Buffkit.Migrations.Postgres;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets migrations run on PostgreSQL.</summary>
public static class PostgresRegistration
{
    /// <summary>Adds PostgreSQL to the engines that a program has.</summary>
    /// <returns>The same engines.</returns>
    public static MigrationEngines AddPostgres(this MigrationEngines engines)
    {
        ArgumentNullException.ThrowIfNull(engines);
        return engines.Add(new PostgresEngine());
    }

    /// <summary>Migrates a database of PostgreSQL.</summary>
    /// <param name="options">The options.</param>
    /// <param name="connectionString">The connection string.</param>
    /// <returns>The same options.</returns>
    public static MigrationOptions UsePostgres(this MigrationOptions options, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Engine, options.ConnectionString) = (new PostgresEngine(), connectionString);
        return options;
    }
}

using Buffkit.Migrations;
using Buffkit.Migrations.Sqlite;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets migrations run on SQLite.</summary>
public static class SqliteRegistration
{
    /// <summary>Adds SQLite to the engines that a program has.</summary>
    /// <returns>The same engines.</returns>
    public static MigrationEngines AddSqlite(this MigrationEngines engines)
    {
        ArgumentNullException.ThrowIfNull(engines);
        return engines.Add(new SqliteEngine());
    }

    /// <summary>Migrates a database of SQLite.</summary>
    /// <param name="options">The options.</param>
    /// <param name="connectionString">The connection string.</param>
    /// <returns>The same options.</returns>
    public static MigrationOptions UseSqlite(this MigrationOptions options, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Engine, options.ConnectionString) = (new SqliteEngine(), connectionString);
        return options;
    }
}

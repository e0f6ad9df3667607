using Buffkit.Migrations;
using Buffkit.Migrations.MySql;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets migrations run on MySQL.</summary>
public static class MySqlRegistration
{
    /// <summary>Adds MySQL to the engines that a program has.</summary>
    /// <returns>The same engines.</returns>
    public static MigrationEngines AddMySql(this MigrationEngines engines)
    {
        ArgumentNullException.ThrowIfNull(engines);
        return engines.Add(new MySqlEngine());
    }

    /// <summary>Migrates a database of MySQL.</summary>
    /// <param name="options">The options.</param>
    /// <param name="connectionString">The connection string.</param>
    /// <returns>The same options.</returns>
    public static MigrationOptions UseMySql(this MigrationOptions options, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.Engine, options.ConnectionString) = (new MySqlEngine(), connectionString);
        return options;
    }
}

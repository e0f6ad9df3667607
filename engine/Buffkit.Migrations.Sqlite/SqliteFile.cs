using Microsoft.Data.Sqlite;

namespace Buffkit.Migrations.Sqlite;

/// <summary>Where the database lies.</summary>
internal static class SqliteFile
{
    private static readonly string DefaultPath = Path.Combine("data", "app.db");

    /// <summary>Makes the file's path absolute, and turns foreign keys on.</summary>
    /// <exception cref="MigrationConfigurationException">The connection string is none of SQLite's.</exception>
    public static string Complete(string? connectionString, string root)
    {
        SqliteConnectionStringBuilder builder;
        try
        {
            builder = new SqliteConnectionStringBuilder(connectionString ?? "");
        }
        catch (ArgumentException e)
        {
            throw new MigrationConfigurationException(
                "ConnectionStrings:appdb is not a SQLite connection string ('Data Source=app.db'). For another engine set Database:Provider.", e);
        }

        if (builder.DataSource.Length == 0)
        {
            builder.DataSource = DefaultPath;
        }

        if (IsFile(builder))
        {
            builder.DataSource = Path.GetFullPath(builder.DataSource, root);
        }

        // SQLite leaves foreign keys unchecked unless each connection asks.
        builder.ForeignKeys ??= true;
        return builder.ToString();
    }

    /// <summary>Whether it is a file of its own, and neither in memory nor an address.</summary>
    public static bool IsFile(SqliteConnectionStringBuilder builder) =>
        builder.Mode != SqliteOpenMode.Memory
        && builder.DataSource != ":memory:"
        && !builder.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
}

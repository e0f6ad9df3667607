using Microsoft.Data.Sqlite;

namespace Buffkit.ServiceDefaults;

/// <summary>Where the SQLite database lies.</summary>
internal static class SqliteFile
{
    private static readonly string DefaultPath = Path.Combine("data", "app.db");

    /// <summary>Makes the file's path absolute, and turns foreign keys on.</summary>
    /// <exception cref="InvalidOperationException">The connection string is none of SQLite's.</exception>
    public static string Resolve(string? connectionString, string contentRoot)
    {
        SqliteConnectionStringBuilder builder;
        try
        {
            builder = new SqliteConnectionStringBuilder(connectionString ?? "");
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException(
                $"ConnectionStrings:{AppDatabaseRegistration.ConnectionName} is not a SQLite connection string "
                + $"('Data Source=app.db'). For another engine set {AppDatabaseRegistration.ProviderKey}.", e);
        }

        if (builder.DataSource.Length == 0)
        {
            builder.DataSource = DefaultPath;
        }

        if (IsFile(builder))
        {
            builder.DataSource = Path.GetFullPath(builder.DataSource, contentRoot);
        }

        // SQLite leaves foreign keys unchecked unless each connection asks.
        builder.ForeignKeys ??= true;
        return builder.ToString();
    }

    public static bool IsFile(SqliteConnectionStringBuilder builder) =>
        builder.Mode != SqliteOpenMode.Memory
        && builder.DataSource != ":memory:"
        && !builder.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
}

using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Buffkit.ServiceDefaults;

/// <summary>Opens SQLite connections fit for a server: readers beside a writer, and patience for a lock.</summary>
internal sealed class SqliteDataSource(string connectionString) : DbDataSource
{
    /// <summary>Longer than any write of ours, shorter than a request's patience.</summary>
    private const int BusyTimeoutMilliseconds = 5_000;

    /// <summary>Creates the data source, and the folder of its file.</summary>
    public static SqliteDataSource Create(string connectionString)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString);
        if (SqliteFile.IsFile(settings) && Path.GetDirectoryName(settings.DataSource) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        return new SqliteDataSource(connectionString);
    }

    public override string ConnectionString { get; } = connectionString;

    protected override DbConnection CreateDbConnection()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.StateChange += OnStateChange;
        return connection;
    }

    /// <summary>In the event, so that it also holds for a connection that its user opens later.</summary>
    private static void OnStateChange(object sender, StateChangeEventArgs e)
    {
        if (e.CurrentState != ConnectionState.Open)
        {
            return;
        }

        using var command = ((SqliteConnection)sender).CreateCommand();
        // Write-ahead log: readers and the writer do not wait for each other. It stays set in the file.
        command.CommandText = $"PRAGMA busy_timeout = {BusyTimeoutMilliseconds}; PRAGMA journal_mode = WAL;";
        command.ExecuteNonQuery();
    }
}

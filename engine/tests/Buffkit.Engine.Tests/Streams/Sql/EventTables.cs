using System.Data.Common;
using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;
using Buffkit.Migrations.Sqlite;
using Buffkit.Streams.Sql;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Npgsql;

namespace Buffkit.Tests;

/// <summary>A database of a test's own, with the tables that the package's migrations make.</summary>
internal sealed class EventTables : IAsyncDisposable
{
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";
    public const string MySql = "mysql";

    private readonly DirectoryInfo? _folder;

    private EventTables(string engine, string connectionString, DbDataSource source, DirectoryInfo? folder)
    {
        (Engine, ConnectionString, Source, _folder) = (engine, connectionString, source, folder);
        Database = EventDatabase.Of(source);
    }

    public string Engine { get; }

    public string ConnectionString { get; }

    public DbDataSource Source { get; }

    public EventDatabase Database { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<EventTables> CreateAsync(string engine, PostgresServer postgres, MySqlServer mySql)
    {
        switch (engine)
        {
            case Postgres:
                var server = await postgres.CreateDatabaseAsync();
                await MigrateAsync(new PostgresEngine(), server);
                return new EventTables(engine, server, NpgsqlDataSource.Create(server), null);
            case MySql:
                var other = await mySql.CreateDatabaseAsync();
                await MigrateAsync(new MySqlEngine(), other);
                return new EventTables(engine, other, new MySqlDataSource(other), null);
            default:
                var folder = Directory.CreateTempSubdirectory("events-");
                var file = $"Data Source={Path.Combine(folder.FullName, "app.db")}";
                await MigrateAsync(new SqliteEngine(), file);
                return new EventTables(engine, file, SqliteFactory.Instance.CreateDataSource(file), folder);
        }
    }

    /// <summary>On a server of the test's own.</summary>
    public static async Task<EventTables> OnAsync(RestartableDatabase server, string engine)
    {
        await MigrateAsync(engine is Postgres ? new PostgresEngine() : new MySqlEngine(), server.ConnectionString);
        return new EventTables(
            engine,
            server.ConnectionString,
            engine is Postgres ? NpgsqlDataSource.Create(server.ConnectionString) : new MySqlDataSource(server.ConnectionString),
            null);
    }

    public async Task<long> NumberAsync(string query)
    {
        await using var connection = await Source.OpenConnectionAsync(Stop);
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        return Convert.ToInt64(await command.ExecuteScalarAsync(Stop), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task ExecuteAsync(string statement)
    {
        await using var connection = await Source.OpenConnectionAsync(Stop);
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        // This file's pool alone: of a pool that another test empties at the same time, the connections are still being closed.
        if (_folder is not null)
        {
            await using var connection = new SqliteConnection(ConnectionString);
            SqliteConnection.ClearPool(connection);
        }

        await Source.DisposeAsync();
        if (_folder is { } folder)
            await Eventually.TrueAsync(() => TryDelete(folder), "nobody writes beside the file any more");
    }

    // A connection that is being closed still has files beside the database's.
    private static bool TryDelete(DirectoryInfo folder)
    {
        try
        {
            folder.Delete(recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task MigrateAsync(MigrationEngine engine, string connectionString)
    {
        // The package's scripts lie beside this program, as they do beside any that references it; others may lie there too.
        var scripts = Directory.CreateTempSubdirectory("scripts-");
        foreach (var script in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Scripts"), "*_add_event_*.sql"))
            File.Copy(script, Path.Combine(scripts.FullName, Path.GetFileName(script)));
        await new MigrationRunner(
            new MigrationOptions { Engine = engine, ConnectionString = connectionString, ScriptsPath = scripts.FullName },
            NullLogger<MigrationRunner>.Instance,
            TimeProvider.System).UpAsync(Stop);
        scripts.Delete(recursive: true);
    }
}

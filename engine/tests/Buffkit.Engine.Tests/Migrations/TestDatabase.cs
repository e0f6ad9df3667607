using System.Data.Common;
using System.Globalization;
using Buffkit.Migrations;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Npgsql;

namespace Buffkit.Tests;

/// <summary>A database and a folder of scripts that one test has to itself.</summary>
public sealed class TestDatabase : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("migrations-");

    private TestDatabase(TestEngine engine, string? connectionString)
    {
        Engine = engine;
        Scripts = _root.CreateSubdirectory("scripts").FullName;
        ConnectionString = connectionString
            ?? new SqliteConnectionStringBuilder { DataSource = Path.Combine(_root.FullName, "test.db"), Pooling = false, ForeignKeys = true }.ToString();
    }

    public TestEngine Engine { get; }

    public string ConnectionString { get; }

    public string Scripts { get; }

    public string EngineName => Engine.ToString().ToLowerInvariant();

    public static async Task<TestDatabase> CreateAsync(
        TestEngine engine, PostgresServer postgres, MySqlServer mysql, string? mysqlName = null) =>
        new(engine, engine switch
        {
            TestEngine.Postgres => await postgres.CreateDatabaseAsync(),
            TestEngine.MySql => await mysql.CreateDatabaseAsync(mysqlName),
            _ => null,
        });

    public static TestDatabase CreateSqlite() => new(TestEngine.Sqlite, null);

    public TestDatabase Write(string file, string sql)
    {
        var path = Path.Combine(Scripts, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, sql);
        return this;
    }

    public MigrationOptions Options(Action<MigrationOptions>? configure = null)
    {
        var options = new MigrationOptions { Engine = Engine.Get(), ConnectionString = ConnectionString, ScriptsPath = Scripts };
        configure?.Invoke(options);
        return options;
    }

    internal MigrationDatabase Open() => Engine.Get().Open(ConnectionString, TimeProvider.System);

    public MigrationRunner Runner(Action<MigrationOptions>? configure = null, ILogger<MigrationRunner>? logger = null) =>
        new(Options(configure), logger ?? NullLogger<MigrationRunner>.Instance, TimeProvider.System);

    public DbConnection Connect() => Engine switch
    {
        TestEngine.Postgres => new NpgsqlConnection(ConnectionString + ";Pooling=false"),
        TestEngine.MySql => new MySqlConnection(ConnectionString + ";Pooling=false;AllowUserVariables=true"),
        _ => new SqliteConnection(ConnectionString),
    };

    public async Task<string?> QueryAsync(string sql)
    {
        await using var connection = Connect();
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = Connect();
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The schema in words, the journal and DbUp's left out: the same for the same schema, empty for none.</summary>
    public async Task<string> SchemaAsync()
    {
        await using var connection = Connect();
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = SchemaQueries.Of(Engine);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var lines = new List<string>();
        do
        {
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                lines.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(column => Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))));
            }
        }
        while (await reader.NextResultAsync(TestContext.Current.CancellationToken));
        return string.Join('\n', lines);
    }

    public async Task<MigrationStatusEntry> StateOfAsync(string name) =>
        (await Runner().StatusAsync(TestContext.Current.CancellationToken)).Migrations.Single(migration => migration.Name == name);

    public void Dispose() => _root.Delete(recursive: true);
}

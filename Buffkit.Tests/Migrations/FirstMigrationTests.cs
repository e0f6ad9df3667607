using System.Data.Common;
using Buffkit.Migrations;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Buffkit.Tests;

public sealed class FirstMigrationTests(PostgresServer postgres) : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");

    [Fact]
    public async Task Up_EmptySqlite_CreatesOrdersOnce()
    {
        var connectionString = new SqliteConnectionStringBuilder { DataSource = _file, Pooling = false }.ToString();
        await UpTwiceCreatesOrders(MigrationEngine.Sqlite, connectionString, () => new SqliteConnection(connectionString));
    }

    [Fact]
    public async Task Up_EmptyPostgres_CreatesOrdersOnce()
    {
        var connectionString = await postgres.CreateDatabaseAsync();
        await UpTwiceCreatesOrders(MigrationEngine.Postgres, connectionString, () => new NpgsqlConnection(connectionString));
    }

    public void Dispose() => File.Delete(_file);

    private static async Task UpTwiceCreatesOrders(MigrationEngine engine, string connectionString, Func<DbConnection> connect)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var options = new MigrationOptions { Engine = engine, ConnectionString = connectionString };
        var runner = new MigrationRunner(options, NullLogger<MigrationRunner>.Instance, TimeProvider.System);

        Assert.Equal(1, await runner.UpAsync(cancellation));
        Assert.Equal(0, await runner.UpAsync(cancellation));

        await using var connection = connect();
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM orders";
        Assert.Equal(0L, Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), provider: null));
    }
}

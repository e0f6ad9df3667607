using Npgsql;
using Testcontainers.PostgreSql;

[assembly: AssemblyFixture(typeof(Buffkit.Tests.PostgresServer))]

namespace Buffkit.Tests;

/// <summary>One PostgreSQL for the whole test run, started by the first test that asks for it.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly SharedContainer<PostgreSqlContainer> _container =
        new(() => new PostgreSqlBuilder("postgres:17-alpine").WithCommand("-c", "fsync=off", "-c", "max_connections=300").Build());

    /// <summary>Creates an empty database of the test's own.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var container = await _container.StartAsync();
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(container.GetConnectionString());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new NpgsqlConnectionStringBuilder(container.GetConnectionString()) { Database = name }.ToString();
    }

    public ValueTask DisposeAsync() => _container.DisposeAsync();
}

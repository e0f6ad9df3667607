using MySqlConnector;
using Testcontainers.MySql;

[assembly: AssemblyFixture(typeof(Buffkit.Tests.MySqlServer))]

namespace Buffkit.Tests;

/// <summary>One MySQL for the whole test run, started by the first test that asks for it.</summary>
public sealed class MySqlServer : IAsyncDisposable
{
    private readonly SharedContainer<MySqlContainer> _container =
        new(() => new MySqlBuilder("mysql:8.4").WithUsername("root").Build());

    /// <summary>Creates an empty database of the test's own.</summary>
    /// <param name="fixedName">The name, for scripts that insist on one; a database of that name is dropped first.</param>
    /// <returns>Its connection string, with every right on the server.</returns>
    public async Task<string> CreateDatabaseAsync(string? fixedName = null)
    {
        var container = await _container.StartAsync();
        var name = fixedName ?? $"test_{Guid.NewGuid():N}";
        await using var connection = new MySqlConnection(container.GetConnectionString());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new MySqlCommand($"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return new MySqlConnectionStringBuilder(container.GetConnectionString()) { Database = name }.ToString();
    }

    public ValueTask DisposeAsync() => _container.DisposeAsync();
}

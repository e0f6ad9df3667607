using System.Net;
using System.Net.Sockets;
using DotNet.Testcontainers.Containers;
using MySqlConnector;
using Npgsql;
using Testcontainers.MySql;
using Testcontainers.PostgreSql;

namespace Buffkit.Tests;

/// <summary>A database server of one test's own, which can be stopped and comes back at the same address with what it had committed.</summary>
public sealed class RestartableDatabase : IAsyncDisposable
{
    private readonly IContainer _container;

    private RestartableDatabase(IContainer container, string connectionString) => (_container, ConnectionString) = (container, connectionString);

    public string ConnectionString { get; }

    /// <param name="arguments">Settings of the server; they count for more than those that make tests fast.</param>
    public static async Task<RestartableDatabase> StartPostgresAsync(params string[] arguments)
    {
        var port = FreePort();
        var container = await ContainerEngine.StartAsync(
            () => new PostgreSqlBuilder("postgres:17-alpine").WithCommand(arguments).WithPortBinding(port, 5432).Build(), TestContext.Current.CancellationToken);
        return new RestartableDatabase(container, new NpgsqlConnectionStringBuilder(container.GetConnectionString()) { Timeout = 2 }.ToString());
    }

    /// <param name="arguments">Settings of the server.</param>
    public static async Task<RestartableDatabase> StartMySqlAsync(params string[] arguments)
    {
        var port = FreePort();
        var container = await ContainerEngine.StartAsync(
            () => new MySqlBuilder("mysql:8.4").WithUsername("root").WithCommand(arguments).WithPortBinding(port, 3306).Build(), TestContext.Current.CancellationToken);
        return new RestartableDatabase(container, new MySqlConnectionStringBuilder(container.GetConnectionString()) { ConnectionTimeout = 2 }.ToString());
    }

    public Task StopAsync() => _container.StopAsync(TestContext.Current.CancellationToken);

    public Task StartAsync() => ContainerEngine.StartAgainAsync(_container, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

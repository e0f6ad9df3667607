using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;
using Buffkit.Migrations.Sqlite;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Npgsql;

namespace Buffkit.Benchmarks;

/// <summary>One system's database, which stands still or dies and comes back with what it had committed.</summary>
internal abstract class ChaosDatabase : IAsyncDisposable
{
    public abstract string Provider { get; }

    /// <summary>Whether it is a server of its own, and can be killed.</summary>
    public virtual bool IsServer => true;

    public abstract string ConnectionString { get; }

    /// <summary>An empty database beside this one, on the same server.</summary>
    public virtual Task<ChaosDatabase> CreateAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    public abstract Task KillAsync(CancellationToken cancellationToken);

    public abstract Task ReviveAsync(CancellationToken cancellationToken);

    /// <summary>It answers nothing for a while, as with a disk that is away.</summary>
    public abstract Task HaltAsync(CancellationToken cancellationToken);

    public abstract Task ContinueAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    protected abstract MigrationEngine Engine { get; }

    public Task MigrateAsync(CancellationToken cancellationToken) => new MigrationRunner(
        new MigrationOptions { Engine = Engine, ConnectionString = ConnectionString }, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(cancellationToken);

    public static async Task<ChaosDatabase> StartPostgresAsync(CancellationToken cancellationToken)
    {
        const int Port = 5432;
        var password = NewPassword();
        // Killed is the process, not the machine, so what it gave the kernel stays: fsync would only cost time.
        var container = await ChaosContainer.StartAsync(
            build => build
                .WithPortBinding(Port, assignRandomHostPort: true)
                .WithEnvironment("POSTGRES_PASSWORD", password)
                .WithEntrypoint("sh", "-c", ChaosContainer.Supervise("server", "docker-entrypoint.sh postgres -c fsync=off -c max_connections=300"))
                .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted("pg_isready", "-h", "127.0.0.1")),
            "postgres:17-alpine",
            cancellationToken);
        var address = new NpgsqlConnectionStringBuilder
        {
            Host = container.Hostname, Port = container.GetMappedPublicPort(Port), Username = "postgres", Password = password, Timeout = 10,
        };
        var server = new Server(
            container, "postgres", new PostgresEngine(), "kill -{0} $(grep -lx postgres /proc/[0-9]*/comm | cut -d/ -f3)", "pg_isready -q -h 127.0.0.1", name => new NpgsqlConnectionStringBuilder(address.ToString()) { Database = name }.ToString(), text => new NpgsqlConnection(text));
        return new ServerDatabase(server, "postgres");
    }

    public static async Task<ChaosDatabase> StartMySqlAsync(CancellationToken cancellationToken)
    {
        const int Port = 3306;
        var password = NewPassword();
        // MySQL's own defaults, said because images that are made for tests commit to memory: then an order number that was told is given again.
        var container = await ChaosContainer.StartAsync(
            build => build
                .WithPortBinding(Port, assignRandomHostPort: true)
                .WithEnvironment("MYSQL_ROOT_PASSWORD", password)
                .WithEntrypoint("sh", "-c", ChaosContainer.Supervise("server", "docker-entrypoint.sh mysqld --innodb-flush-log-at-trx-commit=1 --sync-binlog=1"))
                .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted("sh", "-c", "mysqladmin --protocol=tcp -h 127.0.0.1 -uroot -p$MYSQL_ROOT_PASSWORD ping")),
            "mysql:8.4",
            cancellationToken);
        var address = new MySqlConnectionStringBuilder
        {
            Server = container.Hostname, Port = container.GetMappedPublicPort(Port), UserID = "root", Password = password, ConnectionTimeout = 10,
        };
        var server = new Server(
            container, "mysql", new MySqlEngine(), "kill -{0} $(cat /tmp/server.pid)", "mysqladmin --protocol=tcp -h 127.0.0.1 -uroot -p$MYSQL_ROOT_PASSWORD ping 2>/dev/null", name => new MySqlConnectionStringBuilder(address.ToString()) { Database = name }.ToString(), text => new MySqlConnection(text));
        return new ServerDatabase(server, "mysql");
    }

    /// <summary>A file in the content root of the one node that uses it.</summary>
    public static ChaosDatabase Sqlite(string contentRoot) => new FileDatabase(Path.Combine(Directory.CreateDirectory(Path.Combine(contentRoot, "data")).FullName, "app.db"));

    private static string NewPassword() => RandomNumberGenerator.GetHexString(24, lowercase: true);

    /// <summary>A database server in a container.</summary>
    /// <param name="Container">Where it runs.</param>
    /// <param name="Provider">What the API calls it.</param>
    /// <param name="Engine">What migrates it.</param>
    /// <param name="Signal">The command that sends it a signal.</param>
    /// <param name="IsUp">The command that succeeds when it answers.</param>
    /// <param name="AddressOf">The connection string of one of its databases.</param>
    /// <param name="Connect">Makes a connection.</param>
    private sealed record Server(
        IContainer Container, string Provider, MigrationEngine Engine, string Signal, string IsUp, Func<string, string> AddressOf, Func<string, DbConnection> Connect);

    private sealed class ServerDatabase(Server server, string name) : ChaosDatabase
    {
        public override string Provider => server.Provider;

        public override string ConnectionString => server.AddressOf(name);

        protected override MigrationEngine Engine => server.Engine;

        public override async Task<ChaosDatabase> CreateAsync(string name, CancellationToken cancellationToken)
        {
            await using var connection = server.Connect(ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = $"CREATE DATABASE {name}";
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new ServerDatabase(server, name);
        }

        public override Task KillAsync(CancellationToken cancellationToken) => server.Container.RunAsync(ChaosContainer.Kill("server"), cancellationToken);

        public override Task ReviveAsync(CancellationToken cancellationToken) =>
            server.Container.RunAsync($"{ChaosContainer.Revive("server")}; until {server.IsUp}; do sleep 0.05; done", cancellationToken);

        public override Task HaltAsync(CancellationToken cancellationToken) => SignalAsync("STOP", cancellationToken);

        public override Task ContinueAsync(CancellationToken cancellationToken) => SignalAsync("CONT", cancellationToken);

        public override ValueTask DisposeAsync() => server.Container.DisposeAsync();

        private Task SignalAsync(string signal, CancellationToken cancellationToken) =>
            server.Container.RunAsync(string.Format(CultureInfo.InvariantCulture, server.Signal, signal), cancellationToken);
    }

    private sealed class FileDatabase(string file) : ChaosDatabase
    {
        private SqliteConnection? _holder;

        public override string Provider => "sqlite";

        public override bool IsServer => false;

        public override string ConnectionString => $"Data Source={file};Pooling=false";

        protected override MigrationEngine Engine { get; } = new SqliteEngine();

        public override Task KillAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override Task ReviveAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        // Nobody else can write while this connection may.
        public override async Task HaltAsync(CancellationToken cancellationToken)
        {
            _holder = new SqliteConnection(ConnectionString);
            await _holder.OpenAsync(cancellationToken);
            await using var command = _holder.CreateCommand();
            command.CommandText = "BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        public override async Task ContinueAsync(CancellationToken cancellationToken)
        {
            if (_holder is not null)
                await _holder.DisposeAsync();
            _holder = null;
        }

        public override ValueTask DisposeAsync() => _holder?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}

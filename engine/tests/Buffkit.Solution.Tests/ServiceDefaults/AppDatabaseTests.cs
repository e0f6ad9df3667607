using System.Data.Common;
using Buffkit.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Buffkit.Tests;

public sealed class AppDatabaseTests(PostgresServer postgres, MySqlServer mysql) : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task AddAppDatabase_NothingConfigured_OpensAFileUnderDataWithForeignKeysAndWal()
    {
        using var host = Build();
        var database = host.Services.GetRequiredService<AppDatabase>();

        Assert.Equal(DatabaseProvider.Sqlite, database.Provider);
        Assert.Equal("1", await QueryAsync(database.DataSource, "PRAGMA foreign_keys"));
        Assert.Equal("wal", await QueryAsync(database.DataSource, "PRAGMA journal_mode"));
        Assert.True(File.Exists(Path.Combine(_root.FullName, "data", "app.db")));
    }

    [Fact]
    public async Task AddAppDatabase_Postgres_Connects()
    {
        var connectionString = await postgres.CreateDatabaseAsync();
        using var host = Build(("Database:Provider", "postgres"), ("ConnectionStrings:appdb", connectionString));
        Assert.Contains("PostgreSQL", await QueryAsync(host.Services.GetRequiredService<DbDataSource>(), "SELECT version()"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddAppDatabase_MySql_Connects()
    {
        var connectionString = await mysql.CreateDatabaseAsync();
        using var host = Build(("Database:Provider", "MySql"), ("ConnectionStrings:appdb", connectionString));
        Assert.Equal("1", await QueryAsync(host.Services.GetRequiredService<DbDataSource>(), "SELECT 1"));
    }

    [Theory]
    [InlineData("oracle", null, "Database:Provider")]
    [InlineData("postgres", null, "ConnectionStrings:appdb")]
    [InlineData("mysql", " ", "ConnectionStrings:appdb")]
    [InlineData("sqlite", "Host=somewhere;Password=secret", "Database:Provider")]
    public void AddAppDatabase_WrongConfiguration_NamesTheKeyAndNoSecret(string provider, string? connectionString, string key)
    {
        var e = Assert.Throws<InvalidOperationException>(() =>
            Build(("Database:Provider", provider), ("ConnectionStrings:appdb", connectionString)).Dispose());
        Assert.Contains(key, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthCheck_DatabaseGone_IsUnhealthyWithoutSayingWhere()
    {
        using var host = Build(
            ("Database:Provider", "postgres"),
            ("ConnectionStrings:appdb", "Host=127.0.0.1;Port=1;Username=u;Password=secret;Timeout=2"));
        var report = await host.Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Equal("The database does not answer.", report.Entries["database"].Description);
    }

    [Fact]
    public void ToString_Always_HidesTheConnectionString()
    {
        using var host = Build(
            ("Database:Provider", "postgres"), ("ConnectionStrings:appdb", "Host=h;Password=secret"));
        Assert.DoesNotContain("secret", host.Services.GetRequiredService<AppDatabase>().ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _root.Delete(recursive: true);
    }

    private IHost Build(params (string Key, string? Value)[] configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _root.FullName });
        foreach (var (key, value) in configuration)
        {
            builder.Configuration[key] = value;
        }

        return builder.AddAppDatabase().Build();
    }

    private static async Task<string> QueryAsync(DbDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), null)!;
    }
}

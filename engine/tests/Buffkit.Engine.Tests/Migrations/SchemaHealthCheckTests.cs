using Buffkit.Migrations;
using Buffkit.Migrations.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>What health says of the schema.</summary>
public sealed class SchemaHealthCheckTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("schema-");
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services;

    public SchemaHealthCheckTests()
    {
        Write("20260101000000_a.up.sql", "CREATE TABLE a (id integer);");
        Write("20260101000000_a.down.sql", "DROP TABLE a;");
        Write("20260101000001_b.up.sql", "CREATE TABLE b (id integer);");
        Write("20260101000001_b.down.sql", "DROP TABLE b;");
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<TimeProvider>(_time);
        services.AddMigrations((_, options) =>
        {
            options.Engine = new SqliteEngine();
            options.ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "app.db")};Pooling=false";
            options.ScriptsPath = Path.Combine(_folder.FullName, "Scripts");
        });
        services.AddHealthChecks().AddSchemaCheck();
        _services = services.BuildServiceProvider();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private MigrationRunner Migrations => _services.GetRequiredService<MigrationRunner>();

    public void Dispose()
    {
        _services.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Check_NoDatabaseYet_FailsAndCounts()
    {
        var schema = await CheckAsync();
        Assert.Equal(HealthStatus.Unhealthy, schema.Status);
        Assert.Equal(2, schema.Data["pending"]);
        Assert.Equal("The database lacks migrations of this version: run the migration service.", schema.Description);
    }

    [Fact]
    public async Task Check_AllApplied_IsHealthyAndRemembersItForAMinute()
    {
        await Migrations.UpAsync(Stop);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

        await Migrations.DownAsync(new DownRequest(Steps: 1), Stop);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);
        _time.Advance(TimeSpan.FromSeconds(1));

        var schema = await CheckAsync();
        Assert.Equal(HealthStatus.Unhealthy, schema.Status);
        Assert.Equal(1, schema.Data["pending"]);
    }

    [Fact]
    public async Task Check_DatabaseIsOfANewerVersion_IsHealthy()
    {
        Write("repeatable/R__view.sql", "CREATE VIEW v AS SELECT 2 AS n;");
        await Migrations.UpAsync(Stop);

        // What this version has: an older view, and no second table.
        Write("repeatable/R__view.sql", "CREATE VIEW v AS SELECT 1 AS n;");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_folder.FullName, "Scripts"), "20260101000001_*"))
            File.Delete(file);

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task Check_DatabaseCannotBeRead_IsDegraded()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "app.db"), new string('x', 4096), Stop);
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync()).Status);
    }

    private async Task<HealthReportEntry> CheckAsync() =>
        (await _services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop)).Entries["schema"];

    private void Write(string name, string sql) =>
        File.WriteAllText(Path.Combine(_folder.CreateSubdirectory(Path.Combine("Scripts", Path.GetDirectoryName(name)!)).FullName, Path.GetFileName(name)), sql);
}

using Buffkit.Migrations;
using Buffkit.Migrations.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>What health says of the schema.</summary>
public sealed class SchemaHealthTests : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("schema-");
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services;

    public SchemaHealthTests()
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

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
            await service.StopAsync(Stop);
        await _services.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Check_NotAskedYet_Fails() => Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync()).Status);

    [Fact]
    public async Task Check_NoDatabaseYet_FailsUntilTheMigrationsAreRun()
    {
        await StartAsync();
        var schema = await CheckAsync();
        Assert.Equal(HealthStatus.Unhealthy, schema.Status);
        Assert.Equal(2, schema.Data["pending"]);
        Assert.StartsWith("The database lacks migrations of this version", schema.Description, StringComparison.Ordinal);

        await Migrations.UpAsync(Stop);

        await UntilAsync(HealthStatus.Healthy, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Check_AMigrationIsTakenBack_FailsWithinAMinute()
    {
        await Migrations.UpAsync(Stop);
        await StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);

        await Migrations.DownAsync(new DownRequest(Steps: 1), Stop);

        Assert.Equal(1, (await UntilAsync(HealthStatus.Unhealthy, TimeSpan.FromMinutes(1))).Data["pending"]);
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

        await StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync()).Status);
    }

    [Fact]
    public async Task Check_RepeatableWasNeverRun_Fails()
    {
        await Migrations.UpAsync(Stop);
        Write("repeatable/R__view.sql", "CREATE VIEW v AS SELECT 1 AS n;");

        await StartAsync();
        Assert.Equal(1, (await CheckAsync()).Data["pending"]);
    }

    [Fact]
    public async Task Check_DatabaseCannotBeRead_IsDegradedUntilItCan()
    {
        var file = Path.Combine(_folder.FullName, "app.db");
        await File.WriteAllTextAsync(file, new string('x', 4096), Stop);
        await StartAsync();
        Assert.Equal(HealthStatus.Degraded, (await CheckAsync()).Status);

        File.Delete(file);
        await Migrations.UpAsync(Stop);

        await UntilAsync(HealthStatus.Healthy, TimeSpan.FromSeconds(5));
    }

    private async Task StartAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
            await service.StartAsync(Stop);
    }

    // The next question is asked when the clock comes to it, and answered a moment later.
    private async Task<HealthReportEntry> UntilAsync(HealthStatus status, TimeSpan within)
    {
        HealthReportEntry schema = default;
        await Eventually.TrueAsync(
            async () =>
            {
                _time.Advance(within);
                schema = await CheckAsync();
                return schema.Status == status;
            },
            $"the schema to be {status}");
        return schema;
    }

    private async Task<HealthReportEntry> CheckAsync() =>
        (await _services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop)).Entries["schema"];

    private void Write(string name, string sql) =>
        File.WriteAllText(Path.Combine(_folder.CreateSubdirectory(Path.Combine("Scripts", Path.GetDirectoryName(name)!)).FullName, Path.GetFileName(name)), sql);
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;
using Buffkit.Migrations.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

/// <summary>The migrations and the API on the database that they are deployed with, in a container.</summary>
public sealed class DatabaseTests(PostgresServer postgres, MySqlServer mysql)
{
    [Fact]
    public async Task Api_OnPostgres_WorksAfterTheMigrations() => await AssertWorksAsync(new PostgresEngine(), await postgres.CreateDatabaseAsync());

    [Fact]
    public async Task Api_OnMySql_WorksAfterTheMigrations() => await AssertWorksAsync(new MySqlEngine(), await mysql.CreateDatabaseAsync());

    private static async Task AssertWorksAsync(MigrationEngine engine, string connectionString)
    {
        var folder = Directory.CreateTempSubdirectory("database-");
        var environment = new Dictionary<string, string> { ["Database__Provider"] = $"{engine}", ["ConnectionStrings__appdb"] = connectionString };
        try
        {
            var options = new MigrationOptions { Engine = engine, ConnectionString = connectionString };
            await new MigrationRunner(options, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(TestContext.Current.CancellationToken);
            await using var api = await ApiProcess.StartAsync(folder.FullName, environment);

            await api.UntilHealthyAsync();
            var health = await api.Http.GetStringAsync(new Uri("health", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal("Healthy", JsonDocument.Parse(health).RootElement.GetProperty("parts").GetProperty("database").GetProperty("status").GetString());
            using var posted = await api.Http.PostAsJsonAsync(
                "orders", new { customer = "Ada", item = "Espresso", quantity = 2 }, TestContext.Current.CancellationToken);
            posted.EnsureSuccessStatusCode();
            var orders = await api.Http.GetFromJsonAsync<JsonElement[]>("orders", TestContext.Current.CancellationToken);
            Assert.Equal("Espresso", Assert.Single(orders!).GetProperty("item").GetString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public async Task Api_SchemaIsBehind_IsNotReadyUntilTheMigrationsAreRun(string name)
    {
        var folder = Directory.CreateTempSubdirectory("schema-");
        var (engine, connectionString) = name switch
        {
            "postgres" => ((MigrationEngine)new PostgresEngine(), await postgres.CreateDatabaseAsync()),
            "mysql" => (new MySqlEngine(), await mysql.CreateDatabaseAsync()),
            _ => (new SqliteEngine(), $"Data Source={Path.Combine(folder.FullName, "app.db")}"),
        };
        var environment = new Dictionary<string, string>
        {
            // In Development the API brings SQLite's schema itself; elsewhere it shows no parts.
            ["ASPNETCORE_ENVIRONMENT"] = name is "sqlite" ? "Staging" : "Development",
            ["Database__Provider"] = name,
            ["ConnectionStrings__appdb"] = connectionString,
        };
        await using (var api = await ApiProcess.StartAsync(folder.FullName, environment))
        {
            using (var health = await api.Http.GetAsync(new Uri("health", UriKind.Relative), TestContext.Current.CancellationToken))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
                var parts = await health.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
                if (name is not "sqlite")
                    Assert.InRange(parts.GetProperty("parts").GetProperty("schema").GetProperty("pending").GetInt32(), 1, 100);
            }

            var options = new MigrationOptions { Engine = engine, ConnectionString = connectionString };
            await new MigrationRunner(options, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(TestContext.Current.CancellationToken);

            await api.UntilHealthyAsync();
        }

        folder.Delete(recursive: true);
    }
}

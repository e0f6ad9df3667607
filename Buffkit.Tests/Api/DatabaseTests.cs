//#if (sample)
using System.Net.Http.Json;
//#endif
using System.Text.Json;
using Buffkit.Migrations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

/// <summary>The migrations and the API on the database that they are deployed with, in a container.</summary>
//#if (repository)
public sealed class DatabaseTests(PostgresServer postgres, MySqlServer mysql)
////#elseif (postgres)
//public sealed class DatabaseTests(PostgresServer postgres)
////#else
//public sealed class DatabaseTests(MySqlServer mysql)
//#endif
{
    //#if (postgres)
    [Fact]
    public async Task Api_OnPostgres_WorksAfterTheMigrations() => await AssertWorksAsync(MigrationEngine.Postgres, await postgres.CreateDatabaseAsync());
    //#endif
    //#if (repository)

    //#endif
    //#if (mysql)
    [Fact]
    public async Task Api_OnMySql_WorksAfterTheMigrations() => await AssertWorksAsync(MigrationEngine.MySql, await mysql.CreateDatabaseAsync());
    //#endif

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
            //#if (sample)
            using var posted = await api.Http.PostAsJsonAsync(
                "orders", new { customer = "Ada", item = "Espresso", quantity = 2 }, TestContext.Current.CancellationToken);
            posted.EnsureSuccessStatusCode();
            var orders = await api.Http.GetFromJsonAsync<JsonElement[]>("orders", TestContext.Current.CancellationToken);
            Assert.Equal("Espresso", Assert.Single(orders!).GetProperty("item").GetString());
            //#endif
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

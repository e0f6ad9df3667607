//#if (sample)
using System.Net.Http.Json;
using System.Text.Json;
//#endif
using Buffkit.Migrations;
//#if (mysql)
using Buffkit.Migrations.MySql;
//#endif
//#if (postgres)
using Buffkit.Migrations.Postgres;
//#endif
using Microsoft.Extensions.Logging.Abstractions;
//#if (mysql)
using Testcontainers.MySql;
//#endif
//#if (postgres)
using Testcontainers.PostgreSql;
//#endif

namespace Buffkit.Tests;

/// <summary>The migrations and the API on the database that they are deployed with, in a container.</summary>
public sealed class DatabaseTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    //#if (postgres)
    [Fact]
    public async Task Api_OnPostgres_WorksAfterTheMigrations()
    {
        await using var server = await Containers.StartOrSkipAsync(() => new PostgreSqlBuilder("postgres:17-alpine").Build());
        await AssertWorksAsync(new PostgresEngine(), server.GetConnectionString());
    }

    //#endif
    //#if (mysql)
    [Fact]
    public async Task Api_OnMySql_WorksAfterTheMigrations()
    {
        await using var server = await Containers.StartOrSkipAsync(() => new MySqlBuilder("mysql:9").Build());
        await AssertWorksAsync(new MySqlEngine(), server.GetConnectionString());
    }

    //#endif
    private static async Task AssertWorksAsync(MigrationEngine engine, string connectionString)
    {
        var options = new MigrationOptions { Engine = engine, ConnectionString = connectionString };
        await new MigrationRunner(options, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(Cancellation);

        using var api = new RunningApi(new() { ["Database:Provider"] = $"{engine}", ["ConnectionStrings:appdb"] = connectionString });

        await api.UntilHealthyAsync("database", Cancellation);
        //#if (sample)
        using var posted = await api.Http.PostAsJsonAsync("orders", new { customer = "Ada", item = "Espresso", quantity = 2 }, Cancellation);
        posted.EnsureSuccessStatusCode();
        var orders = await api.Http.GetFromJsonAsync<JsonElement[]>("orders", Cancellation);
        Assert.Equal("Espresso", Assert.Single(orders!).GetProperty("item").GetString());
        //#endif
    }
}

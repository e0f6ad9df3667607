using Buffkit.Migrations;
//#if (mysql)
using Buffkit.Migrations.MySql;
//#endif
//#if (postgres)
using Buffkit.Migrations.Postgres;
//#endif
using Buffkit.Migrations.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

/// <summary>The application's own scripts.</summary>
public sealed class ScriptsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("scripts-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Scripts_OfSqlite_AreInOrder() => await AssertInOrderAsync(new SqliteEngine());

    //#if (postgres)
    [Fact]
    public async Task Scripts_OfPostgres_AreInOrder() => await AssertInOrderAsync(new PostgresEngine());

    //#endif
    //#if (mysql)
    [Fact]
    public async Task Scripts_OfMySql_AreInOrder() => await AssertInOrderAsync(new MySqlEngine());

    //#endif
    [Fact]
    public async Task Scripts_UpDownUp_GiveTheSameSchema()
    {
        var runner = Runner(new SqliteEngine());

        await runner.UpAsync(Cancellation);
        var schema = await runner.DumpAsync(Cancellation);
        await runner.DownAsync(new DownRequest("0"), Cancellation);
        Assert.Equal("", await runner.DumpAsync(Cancellation));
        await runner.UpAsync(Cancellation);

        Assert.Equal(schema, await runner.DumpAsync(Cancellation));
    }

    private async Task AssertInOrderAsync(MigrationEngine engine)
    {
        var runner = Runner(engine);

        Assert.Empty(await runner.ValidateAsync(offline: true, Cancellation));
        Assert.Empty(await runner.LintAsync(pendingOnly: false, Cancellation));
    }

    private MigrationRunner Runner(MigrationEngine engine) => new(
        new MigrationOptions { Engine = engine, ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "app.db")}" },
        NullLogger<MigrationRunner>.Instance,
        TimeProvider.System);
}

using Buffkit.Migrations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

/// <summary>The application's own scripts.</summary>
public sealed class ScriptsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("scripts-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<MigrationEngine> Engines =>
    [
        MigrationEngine.Sqlite,
        //#if (postgres)
        MigrationEngine.Postgres,
        //#endif
        //#if (mysql)
        MigrationEngine.MySql,
        //#endif
    ];

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Scripts_OfEachEngine_AreInOrder(MigrationEngine engine)
    {
        var runner = Runner(engine);

        Assert.Empty(await runner.ValidateAsync(offline: true, Cancellation));
        Assert.Empty(await runner.LintAsync(pendingOnly: false, Cancellation));
    }

    [Fact]
    public async Task Scripts_UpDownUp_GiveTheSameSchema()
    {
        var runner = Runner(MigrationEngine.Sqlite);

        await runner.UpAsync(Cancellation);
        var schema = await runner.DumpAsync(Cancellation);
        await runner.DownAsync(new DownRequest("0"), Cancellation);
        Assert.Equal("", await runner.DumpAsync(Cancellation));
        await runner.UpAsync(Cancellation);

        Assert.Equal(schema, await runner.DumpAsync(Cancellation));
    }

    private MigrationRunner Runner(MigrationEngine engine) => new(
        new MigrationOptions { Engine = engine, ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "app.db")}" },
        NullLogger<MigrationRunner>.Instance,
        TimeProvider.System);
}

using Buffkit.Migrations;
using Buffkit.Migrations.Postgres;

namespace Buffkit.Tests;

/// <summary>The schema as SQL.</summary>
public sealed class DumpTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines => UpAndDownTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Dump_SchemaWithARoutine_GivesTheSameSchemaAgainAndTheSameDump(TestEngine engine)
    {
        DumpPrograms.SkipUnlessThere(engine);
        using var original = await TestDatabase.CreateAsync(engine, postgres, mysql);
        original.Write("1_a.up.sql", "CREATE TABLE a (id int PRIMARY KEY, name varchar(20) NOT NULL DEFAULT 'x;y');\nCREATE VIEW v AS SELECT name FROM a;\n" + engine switch
        {
            TestEngine.Postgres => "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ -- one; two\nSELECT 1; $$;",
            TestEngine.MySql => "CREATE PROCEDURE f() BEGIN SELECT 1; SELECT 2; END;\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.name = 'y';",
            _ => "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;",
        });
        await original.Runner().UpAsync(Cancellation);

        var dump = await original.Runner().DumpAsync(Cancellation);

        Assert.DoesNotContain("migration_journal", dump, StringComparison.Ordinal);
        using var copy = await TestDatabase.CreateAsync(engine, postgres, mysql);
        copy.Write("1_all.up.sql", dump);
        await copy.Runner().UpAsync(Cancellation);
        Assert.Equal(await original.SchemaAsync(), await copy.SchemaAsync());
        Assert.Equal(dump, await copy.Runner().DumpAsync(Cancellation));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Dump_EmptyDatabase_IsEmpty(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);

        Assert.Equal("", await DumpPrograms.DumpOrSkipAsync(database));
    }

    [Fact]
    public async Task Run_ProgramThatIsNotThere_SaysHowToGetIt()
    {
        var program = new DumpProgram("no-such-program", "Get it somewhere.");

        var missing = await Assert.ThrowsAsync<MigrationConfigurationException>(() => program.RunAsync([], new Dictionary<string, string?>(), Cancellation));

        Assert.Contains("'dump' needs the program no-such-program", missing.Message, StringComparison.Ordinal);
        Assert.EndsWith("Get it somewhere.", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dump_ServerThatIsNotThere_IsUnavailable()
    {
        var options = new MigrationOptions { Engine = new PostgresEngine(), ConnectionString = "Host=127.0.0.1;Port=1;Username=a;Password=b" };
        var runner = new MigrationRunner(options, Microsoft.Extensions.Logging.Abstractions.NullLogger<MigrationRunner>.Instance, TimeProvider.System);

        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => runner.DumpAsync(Cancellation));
    }
}

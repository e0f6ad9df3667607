using Buffkit.Migrations;

namespace Buffkit.Tests;

public sealed class DryRunTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TestEngine.Sqlite)]
    [InlineData(TestEngine.Postgres)]
    public async Task DryRun_TransactionalEngine_RunsAndKeepsNothing(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "INSERT INTO a VALUES (1);")
            .Write("3_c.up.sql", "-- no-transaction\nSELECT 1;");
        var run = await database.Runner().DryRunAsync(new UpRequest(), Cancellation);

        Assert.Equal([true, true, false], run.Migrations.Select(migration => migration.Tried));
        Assert.Equal("", await database.SchemaAsync());
        database.Write("2_b.up.sql", "INSERT INTO nowhere VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().DryRunAsync(new UpRequest(), Cancellation));
        Assert.Equal("", await database.SchemaAsync());
    }

    [Fact]
    public async Task DryRun_PostgresMovesASequence_SaysThatItStaysMoved()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        await database.ExecuteAsync("CREATE SEQUENCE s");
        database.Write("1_a.up.sql", "SELECT setval('s', 500);");

        var (code, output, _) = await MigrationProcess.RunAsync(database, "dry-run");

        Assert.Equal(("501", 0), (await database.QueryAsync("SELECT nextval('s')"), code));
        Assert.Contains("stay moved", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("locks were really taken", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRun_MySql_PrintsAndTouchesNothing()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nDROP TABLE b;");
        var run = await database.Runner().DryRunAsync(new UpRequest(), Cancellation);
        Assert.False(run.Executed);
        Assert.Equal(["CREATE TABLE a (id int)", "DROP TABLE b"], run.Migrations.Single().Statements);
        Assert.Equal("drop-table", run.Findings.Single().Rule);
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"));
    }

    [Theory]
    [InlineData("CREATE TABLE a (id int);", true)]
    [InlineData("CREATE TABLE a (id int, id int);", false)]
    public async Task ScratchRun_MySql_ReallyRunsAndDropsItsDatabase(string sql, bool succeeds)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", sql);
        if (succeeds)
        {
            Assert.Single(await database.Runner().ScratchRunAsync(Cancellation));
        }
        else
        {
            await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().ScratchRunAsync(Cancellation));
        }

        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"));
    }
}

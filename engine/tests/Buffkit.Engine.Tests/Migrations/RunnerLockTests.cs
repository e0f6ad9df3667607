using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using MySqlConnector;

namespace Buffkit.Tests;

/// <summary>The runner's lock: who waits for it, who could lose it, who only looks.</summary>
public sealed class RunnerLockTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("DISCARD ALL")]
    [InlineData("SELECT pg_advisory_unlock_all()")]
    [InlineData("select pg_catalog.pg_advisory_unlock_all ()")]
    public async Task Up_StatementThatReleasesAllLocks_IsRefusedBeforeAnythingRuns(string sql)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", $"-- no-transaction\nCREATE TABLE a (id int);\n{sql};");
        var e = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("1_a.up.sql:3:", e.Message, StringComparison.Ordinal);
        Assert.Contains("lock", e.Message, StringComparison.Ordinal);
        Assert.Equal("", await database.SchemaAsync());
    }

    [Theory]
    [InlineData("SELECT forget();")]
    [InlineData("-- no-transaction\nSELECT forget();")]
    [InlineData("-- no-transaction\nCALL forget_too();")]
    public async Task Up_LockReleasedInAFunction_StopsThere(string sql)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_f.up.sql", """
            CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_unlock_all()';
            CREATE PROCEDURE forget_too() LANGUAGE plpgsql AS 'BEGIN PERFORM forget(); END';
            """)
            .Write("2_a.up.sql", sql + "\nCREATE TABLE a (id int);").Write("3_b.up.sql", "CREATE TABLE b (id int);");

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("advisory locks", e.Message, StringComparison.Ordinal);
        Assert.Equal("", await database.QueryAsync("SELECT to_regclass('a')::text"));
        Assert.Equal(MigrationState.Failed, (await database.StateOfAsync("2_a")).State);
        Assert.Equal(MigrationState.Pending, (await database.StateOfAsync("3_b")).State);
    }

    [Theory]
    [MemberData(nameof(UpAndDownTests.Engines), MemberType = typeof(UpAndDownTests))]
    public async Task Up_BesideARunningDown_WaitsInsteadOfComplaining(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);
        var other = database.Open();
        await other.OpenAsync(readOnly: false, Cancellation);
        Assert.True(await other.Lock.TryTakeAsync(Cancellation));
        await database.ExecuteAsync("UPDATE migration_journal SET state = 'reverting' WHERE name = '1_a'");

        var impatient = await Assert.ThrowsAsync<MigrationLockTimeoutException>(() =>
            database.Runner(options => options.LockWait = TimeSpan.Zero).UpAsync(Cancellation));
        Assert.Contains("Another runner", impatient.Message, StringComparison.Ordinal);

        var up = database.Runner().UpAsync(Cancellation);
        await database.ExecuteAsync("DROP TABLE a");
        await database.ExecuteAsync("UPDATE migration_journal SET state = 'reverted' WHERE name = '1_a'");
        await other.DisposeAsync();
        Assert.Single(await up);
    }

    [Fact]
    public async Task ResetSession_WorkLockTakenMeanwhile_LeavesNoSessionWithoutIt()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await using var runner = new MySqlDatabase(new MySqlEngine(), database.ConnectionString) { SessionEndWait = TimeSpan.FromSeconds(1) };
        await runner.OpenAsync(readOnly: false, Cancellation);
        Assert.True(await runner.Lock.TryTakeAsync(Cancellation));
        await using var rival = (MySqlConnection)database.Connect();
        await rival.OpenAsync(Cancellation);
        await using var take = rival.CreateCommand();
        take.CommandText = "SELECT GET_LOCK(CONCAT('migrations-work:', DATABASE()), 60)";
        var taken = take.ExecuteScalarAsync(Cancellation);
        await Eventually.TrueAsync(
            async () => await database.QueryAsync("SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User lock'") == "1",
            "the rival waits");

        await Assert.ThrowsAsync<MigrationLockTimeoutException>(() => runner.ResetSessionAsync(Cancellation));

        Assert.Equal(1L, await taken);
        Assert.Throws<InvalidOperationException>(() => runner.Session);
    }

    [Fact]
    public async Task Status_TwoAtOnceOnSqlite_DoNotTakeEachOtherForARunner()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);
        // As the other status has it open while it looks.
        await using var looking = new FileStream(
            Path.Combine(Path.GetDirectoryName(database.Scripts)!, "test.db-migrating"), FileMode.Open, FileAccess.Read, FileShare.Read);
        Assert.Null((await database.Runner().StatusAsync(Cancellation)).Runner);
    }

    [Fact]
    public async Task Up_BlockThatCommits_RunsWithoutATransaction()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "-- no-transaction\nCREATE TABLE a (id int);\nDO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO a VALUES (i); COMMIT; END LOOP; END $$;\nINSERT INTO a VALUES (4);");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("4", await database.QueryAsync("SELECT count(*) FROM a"));
    }
}

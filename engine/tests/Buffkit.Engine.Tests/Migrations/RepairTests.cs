using Buffkit.Migrations;
using DbUp;
using DbUp.Engine.Output;

namespace Buffkit.Tests;

/// <summary>Journals that need a hand: adopted, baselined, repaired.</summary>
public sealed class RepairTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines => UpAndDownTests.Engines;

    [Theory]
    [InlineData(TestEngine.Sqlite)]
    [InlineData(TestEngine.Postgres)]
    public async Task Up_AfterPlainDbUp_TakesOverItsJournal(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        var plain = engine == TestEngine.Postgres
            ? DeployChanges.To.PostgresqlDatabase(database.ConnectionString)
            : DeployChanges.To.SqliteDatabase(database.ConnectionString);
        var result = plain
            .WithScript("Old.App.Scripts.0001_a.sql", "CREATE TABLE a (id int);")
            .WithScript("Old.App.Scripts.something else.sql", "CREATE TABLE old (id int);")
            .LogTo(new NoOpUpgradeLog()).Build().PerformUpgrade();
        Assert.True(result.Successful, result.Error?.Message);
        database.Write("0001_a.up.sql", "CREATE TABLE a (id int);").Write("0002_b.up.sql", "CREATE TABLE b (id int);");

        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("0001_a")).State);
        Assert.Equal(["0002_b"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
        var adopted = await database.StateOfAsync("0001_a");

        Assert.Equal(MigrationState.Applied, adopted.State);
        Assert.InRange(adopted.AppliedAt!.Value, DateTime.UtcNow.AddMinutes(-5), DateTime.UtcNow.AddMinutes(1));
        Assert.Equal("adopted", (await database.StateOfAsync("Old.App.Scripts.something else.sql")).Kind);
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
    }

    [Fact]
    public async Task Up_MySqlWithASchemaversionsTable_TakesItOver()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await database.ExecuteAsync("CREATE TABLE schemaversions (schemaversionid int NOT NULL AUTO_INCREMENT PRIMARY KEY, scriptname varchar(255) NOT NULL, applied timestamp NOT NULL)");
        await database.ExecuteAsync("INSERT INTO schemaversions (scriptname, applied) VALUES ('App.Scripts.1_a.sql', UTC_TIMESTAMP())");
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "CREATE TABLE b (id int);");
        Assert.Equal(["2_b"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Baseline_ExistingSchema_AppliesOnlyWhatComesAfter(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        await database.ExecuteAsync("CREATE TABLE a (id int)");
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "CREATE TABLE b (id int);");
        Assert.Equal(["1_a"], await database.Runner().BaselineAsync("1", Cancellation));
        Assert.Equal(["2_b"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Repair_ChangedMissingAndFailed_SetsTheJournalRight(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "CREATE TABLE b (id int);");
        await database.Runner().UpAsync(Cancellation);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int); -- a comment more").Write("3_c.up.sql", "CREATE TABLE nowhere.nothing.c (id int);");
        File.Delete(Path.Combine(database.Scripts, "2_b.up.sql"));
        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));

        var first = await database.Runner().RepairAsync(new RepairRequest(), Cancellation);
        Assert.Equal(["1_a", "2_b"], first.Select(repair => repair.Migration));
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(["3_c"], (await database.Runner().RepairAsync(new RepairRequest(), Cancellation)).Select(repair => repair.Migration));
        Assert.Equal(MigrationState.Pending, (await database.StateOfAsync("3_c")).State);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_AppliedFileRenamed_StopsWith4UntilRepairHasMovedItsRow(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("1_a.down.sql", "DROP TABLE a;").Write("2_b.up.sql", "INSERT INTO a VALUES (1);").Write("2_b.down.sql", "DELETE FROM a;");
        await database.Runner().UpAsync(Cancellation);
        Rename(database, "2_b", "3_b");

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "up");
        Assert.Equal(4, code);
        Assert.Contains("3_b.up.sql: It has the content of 2_b", json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("'repair'", json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("renamed", json.GetProperty("problems")[0].GetProperty("kind").GetString());
        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().DownAsync(new DownRequest(), Cancellation));

        Assert.Equal(["3_b"], (await database.Runner().RepairAsync(new RepairRequest(), Cancellation)).Select(repair => repair.Migration));
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM a"));
        Assert.Equal("1_a,3_b:3", $"{await database.QueryAsync("SELECT min(name) FROM migration_journal")},{await database.QueryAsync("SELECT concat(max(name), ':', max(version)) FROM migration_journal")}");
        Assert.Equal("3_b", Assert.Single(await database.Runner().DownAsync(new DownRequest(), Cancellation)).Name);

        // Back again, where its row says that it was undone.
        await database.Runner().UpAsync(Cancellation);
        await database.ExecuteAsync("INSERT INTO migration_journal (name, version, kind, checksum, engine, state, applied_at, duration_ms, statements_done, statements_total, statement_started, who) "
            + "SELECT '2_b', '2', kind, checksum, engine, 'reverted', applied_at, duration_ms, 0, statements_total, 0, who FROM migration_journal WHERE name = '3_b'");
        Rename(database, "3_b", "2_b");
        await database.Runner().RepairAsync(new RepairRequest(), Cancellation);
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
    }

    [Fact]
    public async Task Up_HalfAppliedFileRenamed_GoesOnAfterRepairWhereItStopped()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nINSERT INTO later VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        await database.ExecuteAsync("CREATE TABLE later (id int)");
        Rename(database, "1_a", "2_a");

        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        await database.Runner().RepairAsync(new RepairRequest(), Cancellation);
        await database.Runner().UpAsync(Cancellation);

        Assert.Equal("1,1", await database.QueryAsync("SELECT concat((SELECT count(*) FROM a), ',', (SELECT count(*) FROM later))"));
    }

    [Fact]
    public async Task Up_AnotherFileGoneOrTheSameContentAgain_IsNoRenaming()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Sqlite, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT 1;").Write("2_b.up.sql", "SELECT 1;").Write("3_c.up.sql", "SELECT 3;");
        await database.Runner().UpAsync(Cancellation);
        File.Delete(Path.Combine(database.Scripts, "3_c.up.sql"));
        database.Write("4_d.up.sql", "SELECT 1;");
        Assert.Equal(["4_d"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
    }

    [Fact]
    public async Task Repair_HalfAppliedOnMySql_LeavesTheDecisionAndTakesIt()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nCREATE TABLE a (id int);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("1 of 2 statements", (await database.Runner().RepairAsync(new RepairRequest(), Cancellation)).Single().Action, StringComparison.Ordinal);
        await database.Runner().RepairAsync(new RepairRequest(["1_a"], []), Cancellation);
        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
    }

    [Fact]
    public async Task Up_DoneStatementsEditedAfterAFailure_StopsAndSaysSo()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nSELECT * FROM nowhere;");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        database.Write("1_a.up.sql", "CREATE TABLE a2 (id int);\nSELECT 1;");
        var e = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("first 1 statements", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_InvalidConcurrentIndex_IsDroppedAndBuiltAgain()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (1);")
            .Write("2_i.up.sql", "-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY ix_a ON a (id);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal("False", await database.QueryAsync("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_a'::regclass"));

        await database.ExecuteAsync("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("True", await database.QueryAsync("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_a'::regclass"));
    }

    [Fact]
    public async Task Up_ResumeFailsBeforeItsFirstStatement_KeepsTheCount()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "SET @x = 1;\nCREATE TABLE a (id int);\nSELECT * FROM nowhere;");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        using var cancelled = new CancellationTokenSource();

        // Cancelled while the session's statements are repeated, before anything new has run.
        var progress = new Cancelling(cancelled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            database.Runner(options => options.Progress = progress).UpAsync(cancelled.Token));

        Assert.Equal(2, (await database.StateOfAsync("1_a")).StatementsDone);
        database.Write("1_a.up.sql", "SET @x = 1;\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (@x);");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("1", await database.QueryAsync("SELECT sum(id) FROM a"));
    }

    [Fact]
    public async Task Up_OwnTransactionEndedByDdl_CountsWhatItCommitted()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nBEGIN;\nINSERT INTO a VALUES (1);\nCREATE TABLE b (id int);\nSELECT * FROM nowhere;\nCOMMIT;");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(4, (await database.StateOfAsync("1_a")).StatementsDone);
    }

    [Fact]
    public async Task Up_MigrationCreatesASchemaThatComesFirst_KeepsItsJournal()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_s.up.sql", "CREATE SCHEMA postgres;");
        await database.Runner().UpAsync(Cancellation);
        database.Write("2_t.up.sql", "CREATE TABLE t (id int);");
        Assert.Equal(["2_t"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
    }

    private static void Rename(TestDatabase database, string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(database.Scripts, from + ".*"))
        {
            File.Move(file, Path.Combine(database.Scripts, to + Path.GetFileName(file)[from.Length..]));
        }
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) => source.Cancel();
    }
}

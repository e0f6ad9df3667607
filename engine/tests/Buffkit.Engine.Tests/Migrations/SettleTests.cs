using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>What is made of a statement whose runner was killed while it was under way.</summary>
public sealed class SettleTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A statement; what happened after it was announced; whether it counts as done.</summary>
    public static TheoryData<string, string, string> MySqlCases { get; } = new()
    {
        { "CREATE TABLE n (id int)", "", "NotDone" },
        { "CREATE TABLE n (id int)", "CREATE TABLE other (id int)", "NotDone" },
        { "CREATE TABLE n (id int)", "CREATE TABLE n (id int)", "Done" },
        { "ALTER TABLE t ADD COLUMN c int", "ALTER TABLE u ADD COLUMN c int", "NotDone" },
        { "ALTER TABLE t ADD COLUMN c int", "INSERT INTO t (id) VALUES (NULL), (NULL)", "NotDone" },
        { "/*!50003 ALTER TABLE `t` ADD COLUMN c int */", "ALTER TABLE t ADD COLUMN c int", "Done" },
        { "CREATE INDEX i ON t (id)", "CREATE INDEX i ON t (id)", "Done" },
        { "CREATE INDEX i ON t (id)", "CREATE INDEX i ON u (id)", "NotDone" },
        { "DROP TABLE IF EXISTS t, u", "DROP TABLE t, u", "Done" },
        { "RENAME TABLE t TO t2, u TO u2", "RENAME TABLE t TO t2, u TO u2", "Done" },
        { "CREATE OR REPLACE VIEW v AS SELECT 2 AS x", "CREATE OR REPLACE VIEW v AS SELECT 2 AS x", "Done" },
        { "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.id = 1", "Done" },
        { "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", "", "NotDone" },
        { "ALTER EVENT old ON SCHEDULE EVERY 2 DAY", "ALTER EVENT old DISABLE", "NotDone" },
        { "ANALYZE TABLE t", "", "NotDone" },
        { "CREATE EVENT e ON SCHEDULE AT NOW() DO DELETE FROM t", "", "Unknown" },
        { "TRUNCATE TABLE t", "", "Unknown" },
        { "ALTER TABLE t ENGINE = MyISAM", "ALTER TABLE t ENGINE = MyISAM", "Unknown" },
        { "ALTER TABLE m ADD COLUMN c int", "", "Unknown" },
        { "CREATE USER someone", "", "Unknown" },
        { "CREATE DATABASE elsewhere_settle", "", "Unknown" },
    };

    [Theory]
    [MemberData(nameof(MySqlCases))]
    public async Task Settle_MySql_LooksAtWhatTheStatementNamesAndNeverGuesses(string sql, string meanwhile, string expected)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        foreach (var setup in new[]
        {
            "CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY)", "CREATE TABLE u (id int)", "CREATE TABLE m (id int) ENGINE = MyISAM",
            "CREATE VIEW v AS SELECT 1 AS x", "CREATE EVENT old ON SCHEDULE EVERY 1 DAY DO DELETE FROM t",
        })
        {
            await database.ExecuteAsync(setup);
        }

        Assert.Equal(expected, await SettledAsync(database, sql, meanwhile));
    }

    [Theory]
    [InlineData("CREATE INDEX CONCURRENTLY i ON t (id)", "", "NotDone")]
    [InlineData("CREATE INDEX CONCURRENTLY i ON t (id)", "CREATE INDEX i ON t (id)", "Done")]
    [InlineData("CREATE INDEX CONCURRENTLY there ON t (id)", "", "NotDone")]
    [InlineData("DROP INDEX CONCURRENTLY there", "DROP INDEX there", "Done")]
    [InlineData("VACUUM t", "", "NotDone")]
    [InlineData("CALL p()", "", "Unknown")]
    [InlineData("CREATE DATABASE elsewhere", "", "Unknown")]
    public async Task Settle_Postgres_LooksAtTheIndexAndNeverGuesses(string sql, string meanwhile, string expected)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        await database.ExecuteAsync("CREATE TABLE t (id int); CREATE INDEX there ON t ((id + 1))");
        Assert.Equal(expected, await SettledAsync(database, sql, meanwhile));
    }

    [Fact]
    public async Task Up_KilledBeforeItsDdlAndSomethingElseChanged_RunsTheDdl()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await KillInSecondStatementAsync(database, "ALTER TABLE a ADD COLUMN b int");
        await database.ExecuteAsync("CREATE TABLE unrelated (id int)");

        Assert.Single(await database.Runner().UpAsync(Cancellation));

        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'a' AND COLUMN_NAME = 'b'"));
    }

    [Theory]
    [InlineData("--statement-done", "1")]
    [InlineData("--statement-not-done", "0")]
    public async Task Up_KilledInAStatementThatLeavesNoTrace_AsksAndGoesOnByTheAnswer(string answer, string rows)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await KillInSecondStatementAsync(database, "TRUNCATE TABLE a");

        var e = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("2_b.up.sql:2: Statement 2 of 3 (TRUNCATE TABLE A)", e.Message, StringComparison.Ordinal);
        Assert.Contains("repair --statement-done 2_b", e.Message, StringComparison.Ordinal);
        Assert.Contains("repair --statement-not-done 2_b", e.Message, StringComparison.Ordinal);
        var state = await database.StateOfAsync("2_b");
        Assert.Equal((MigrationState.Failed, 1, 2), (state.State, state.StatementsDone, state.StatementUnderWay));
        Assert.Contains("cannot be told", state.Error, StringComparison.Ordinal);
        Assert.Contains("cannot be told", (await database.Runner().RepairAsync(new RepairRequest(), Cancellation)).Single().Action, StringComparison.Ordinal);

        var (code, _, error) = await MigrationProcess.RunAsync(database, "repair", answer, "2_b");
        Assert.True(code == 0, error);
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal(rows, await database.QueryAsync("SELECT count(*) FROM a"));
        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("2_b")).State);
    }

    private static async Task<string> SettledAsync(TestDatabase database, string sql, string meanwhile)
    {
        await using var runner = database.Open();
        await runner.OpenAsync(readOnly: false, Cancellation);
        Assert.True(await runner.Lock.TryTakeAsync(Cancellation));
        var statement = new Statement(sql, 1, database.Engine.Get().Dialect);
        var mark = await runner.Judge.MarkAsync(statement, Cancellation);
        if (meanwhile.Length > 0)
        {
            await database.ExecuteAsync(meanwhile);
        }

        // Another text than the one that was announced: nobody knows.
        Assert.Equal(StatementOutcome.Unknown, await runner.Judge.SettleAsync(new Statement(sql + " ", 1, database.Engine.Get().Dialect), mark, Cancellation));
        return (await runner.Judge.SettleAsync(statement, mark, Cancellation)).ToString();
    }

    /// <summary>The statement waits for a transaction that has read its table; then both its client and its session are gone.</summary>
    private static async Task KillInSecondStatementAsync(TestDatabase database, string sql)
    {
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);")
            .Write("2_b.up.sql", $"CREATE TABLE b (id int);\n{sql};\nCREATE TABLE c (id int);");
        await database.Runner().UpAsync(new UpRequest(To: "1"), Cancellation);
        await using var reader = database.Connect();
        await reader.OpenAsync(Cancellation);
        await using var transaction = await reader.BeginTransactionAsync(Cancellation);
        await using var read = reader.CreateCommand();
        read.Transaction = transaction;
        read.CommandText = "SELECT count(*) FROM a";
        await read.ExecuteScalarAsync(Cancellation);

        const string Waiting = "SELECT max(ID) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'Waiting for table metadata lock'";
        using var process = MigrationProcess.Start(database, "statement 2 of 3", "up", "--verbose");
        await process.SeenAsync();
        await Eventually.TrueAsync(async () => await database.QueryAsync(Waiting) is { Length: > 0 }, "the statement waits");
        await process.KillAsync();
        await database.ExecuteAsync($"KILL {await database.QueryAsync(Waiting)}");
        await Eventually.TrueAsync(async () => await database.QueryAsync(Waiting) is not { Length: > 0 }, "its session is gone");
    }
}

using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>The connection goes away while a statement or a commit is under way: nobody is told what is not known.</summary>
public sealed class LostConnectionTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SELECT max(ID) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'Waiting for table metadata lock'")]
    [InlineData("SELECT IS_USED_LOCK(CONCAT('migrations:', DATABASE()))")]
    public async Task Up_MySqlLosesASessionInAStatement_SaysThatNobodyKnowsAndTheNextRunFinishes(string session)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await database.ExecuteAsync("CREATE TABLE a (id int)");
        database.Write("1_a.up.sql", "CREATE TABLE b (id int);\nALTER TABLE a ADD COLUMN n int;\nCREATE TABLE c (id int);");
        const string Waiting = "SELECT max(ID) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'Waiting for table metadata lock'";
        await using var reader = database.Connect();
        await reader.OpenAsync(Cancellation);
        await using (var transaction = await reader.BeginTransactionAsync(Cancellation))
        {
            await using var read = reader.CreateCommand();
            (read.Transaction, read.CommandText) = (transaction, "SELECT count(*) FROM a");
            await read.ExecuteScalarAsync(Cancellation);

            var run = database.Runner().UpAsync(Cancellation);
            await Eventually.TrueAsync(async () => await database.QueryAsync(Waiting) is { Length: > 0 }, "the statement waits");
            await database.ExecuteAsync($"KILL {await database.QueryAsync(session)}");
            // The session that keeps the journal is missed only when the statement has ended.
            await transaction.CommitAsync(Cancellation);
            var failed = await Assert.ThrowsAsync<MigrationFailedException>(() => run);

            Assert.Contains("connection was lost", failed.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Correct statement", failed.Message, StringComparison.Ordinal);
        }

        Assert.Single(await database.Runner().UpAsync(Cancellation));
        Assert.Equal("2", await database.QueryAsync(
            "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('b', 'c')"));
        Assert.Equal("0", await database.QueryAsync("SELECT count(n) FROM a"));
    }

    [Fact]
    public async Task Up_PostgresLosesTheConnectionInTheCommit_SaysThatNobodyKnowsAndTheNextRunFinishes()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        // What is deferred runs within the commit.
        database.Write(
            "1_a.up.sql",
            """
            CREATE TABLE a (id int);
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
            """).Write("2_b.up.sql", "CREATE TABLE b (id int);\nINSERT INTO a VALUES (1);");
        const string Committing = "SELECT max(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";

        var run = database.Runner().UpAsync(Cancellation);
        await Eventually.TrueAsync(async () => await database.QueryAsync(Committing) is { Length: > 0 }, "the commit is under way");
        await database.ExecuteAsync($"SELECT pg_terminate_backend({await database.QueryAsync(Committing)})");
        var failed = await Assert.ThrowsAsync<MigrationFailedException>(() => run);

        Assert.Contains("connection was lost", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing of it remains", failed.Message, StringComparison.Ordinal);
        await database.ExecuteAsync("DROP TRIGGER wait ON a");
        Assert.Equal(["2_b"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM a"));
    }
}

using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>Ways to end up half-way that must not cost data.</summary>
public sealed class HalfwayTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task Down_ToNothing_IsRefusedNotTakenForEverything(string to)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Sqlite, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("1_a.down.sql", "DROP TABLE a;");
        await database.Runner().UpAsync(Cancellation);

        await Assert.ThrowsAsync<MigrationConfigurationException>(() => database.Runner().DownAsync(new DownRequest(To: to), Cancellation));

        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
    }

    [Fact]
    public async Task Down_PastAnIrreversible_UndoesNothing()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Sqlite, postgres, mysql);
        database.Write("1_a.up.sql", "-- irreversible: gone\nCREATE TABLE a (id int);")
            .Write("2_b.up.sql", "CREATE TABLE b (id int);").Write("2_b.down.sql", "DROP TABLE b;");
        await database.Runner().UpAsync(Cancellation);

        await Assert.ThrowsAsync<MigrationConfigurationException>(() => database.Runner().DownAsync(new DownRequest(Steps: 2), Cancellation));

        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("2_b")).State);
    }

    [Fact]
    public async Task Up_CommitOfTheScriptFails_ItsTransactionIsNotCountedAsDone()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Sqlite, postgres, mysql);
        database.Write("1_a.up.sql", """
            -- no-transaction
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
            PRAGMA foreign_keys = ON;
            BEGIN;
            INSERT INTO child VALUES (7);
            COMMIT;
            CREATE TABLE z (id int);
            """);

        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.True((await database.StateOfAsync("1_a")).StatementsDone <= 3);
        // It fails again rather than going on without the row.
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
    }

    [Fact]
    public async Task Up_DirectiveTakenOutAfterAFailure_DoesNotRunWhatWasDone()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Sqlite, postgres, mysql);
        const string Done = "CREATE TABLE IF NOT EXISTS t (id int);\nINSERT INTO t VALUES (1);\n";
        database.Write("1_a.up.sql", "-- no-transaction\n" + Done + "INSERT INTO nope VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        database.Write("1_a.up.sql", Done + "INSERT INTO t VALUES (2);");
        await database.Runner().UpAsync(Cancellation);

        Assert.Equal("2", await database.QueryAsync("SELECT COUNT(*) FROM t"));
    }
}

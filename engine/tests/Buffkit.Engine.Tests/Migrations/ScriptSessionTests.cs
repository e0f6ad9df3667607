using System.Diagnostics;
using Buffkit.Migrations;
using Microsoft.Data.Sqlite;

namespace Buffkit.Tests;

/// <summary>What scripts do to the session that runs them, and what others do beside it.</summary>
public sealed class ScriptSessionTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("-- no-transaction\n")]
    public async Task Up_SqliteScriptLeavesThingsInItsSession_TheNextOneFindsNone(string directive)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", directive + "PRAGMA case_sensitive_like = ON;\nATTACH ':memory:' AS other;\nCREATE TEMP TABLE x (id int);\nCREATE TABLE a (id int);")
            .Write("2_b.up.sql", """
                CREATE TABLE b AS SELECT 'a' LIKE 'A' AS alike,
                    (SELECT count(*) FROM sqlite_temp_schema) AS temps,
                    (SELECT count(*) FROM pragma_database_list WHERE name = 'other') AS others;
                """);
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("1 0 0", await database.QueryAsync("SELECT alike || ' ' || temps || ' ' || others FROM b"));
    }

    [Theory]
    [InlineData("CREATE TEMP TABLE x (id int)")]
    [InlineData("SELECT 1 AS id INTO TEMPORARY x")]
    [InlineData("DO $$ BEGIN EXECUTE 'CREATE TEMP ' || 'TABLE x (id int)'; END $$")]
    [InlineData("-- no-transaction\nCREATE TEMP TABLE x (id int)")]
    [InlineData("PREPARE x AS SELECT 1")]
    public async Task Up_PostgresScriptLeavesThingsInItsSession_TheNextOneFindsNone(string sql)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", sql + ";")
            .Write("2_b.up.sql", "CREATE TABLE b AS SELECT (SELECT count(*) FROM pg_class WHERE relname = 'x') + (SELECT count(*) FROM pg_prepared_statements) AS n;");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("0", await database.QueryAsync("SELECT n FROM b"));
    }

    [Fact]
    public async Task Up_FailsUnderARoleThatMayNotWriteTheJournal_IsJournalled()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        var role = $"r{Guid.NewGuid():N}";
        database.Write("1_a.up.sql", $"-- no-transaction\nCREATE ROLE {role};\nSET ROLE {role};\nCREATE TABLE a (id int);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(MigrationState.Failed, (await database.StateOfAsync("1_a")).State);
    }

    [Fact]
    public async Task DryRun_ScriptMovesTheSearchPath_TheNextOneIsTriedAsItWouldRun()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TEMP TABLE x (id int);")
            .Write("2_b.up.sql", "CREATE TABLE b (id int);\nCREATE TEMP TABLE x (id int);");
        Assert.All((await database.Runner().DryRunAsync(new UpRequest(), Cancellation)).Migrations, migration => Assert.True(migration.Tried));
    }

    [Fact]
    public async Task DryRun_TemporaryTablesOfOneNameOnSqlite_AreTriedAsTheyWouldRun()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TEMP TABLE x (id int);").Write("2_b.up.sql", "CREATE TEMP TABLE x (id int);");
        Assert.All((await database.Runner().DryRunAsync(new UpRequest(), Cancellation)).Migrations, migration => Assert.True(migration.Tried));
        Assert.Equal(2, (await database.Runner().UpAsync(Cancellation)).Count);
    }

    [Fact]
    public async Task Up_SessionCannotBeReplaced_StopsLoudly()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        var user = $"u{Guid.NewGuid():N}"[..20];
        await database.ExecuteAsync($"CREATE USER {user} IDENTIFIED BY 'first'");
        await database.ExecuteAsync($"GRANT ALL ON `{await database.QueryAsync("SELECT DATABASE()")}`.* TO {user}");
        database.Write("1_a.up.sql", "SET @x = 1;\nALTER USER CURRENT_USER() IDENTIFIED BY 'second';").Write("2_b.up.sql", "CREATE TABLE b (id int);");

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner(options =>
            options.ConnectionString += $";User ID={user};Password=first").UpAsync(Cancellation));

        Assert.Contains("1_a.up.sql is done", e.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
        Assert.Equal(MigrationState.Pending, (await database.StateOfAsync("2_b")).State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-- no-transaction\n")]
    public async Task Up_SqliteHeldByAnotherWriter_EndsAfterItsLockTimeout(string directive)
    {
        using var database = TestDatabase.CreateSqlite();
        await using var writer = await HoldAsync(database);
        database.Write("2_b.up.sql", "-- lock-timeout: 200ms\n" + directive + "CREATE TABLE b (id int);");
        var started = Stopwatch.GetTimestamp();

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("locked", e.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Up_SqliteHeldByAnotherWriter_IsCancelledWhileItWaits()
    {
        using var database = TestDatabase.CreateSqlite();
        await using var writer = await HoldAsync(database);
        database.Write("2_b.up.sql", "CREATE TABLE b (id int);");
        using var source = new CancellationTokenSource();
        var started = Stopwatch.GetTimestamp();
        var up = Task.Run(() => database.Runner().UpAsync(source.Token), Cancellation);
        await Eventually.TrueAsync(async () => (await database.Runner().StatusAsync(Cancellation)).Runner is not null, "the runner is at work");
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => up);

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Up_ServerIsSlowToCancel_WaitsUntilItHas()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        // Longer than the two seconds after which the driver would drop the session.
        database.Write("1_a.up.sql", "DO $$ BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(3); RAISE; END $$;");
        using var source = new CancellationTokenSource();
        var up = Task.Run(() => database.Runner().UpAsync(source.Token), Cancellation);
        await Eventually.TrueAsync(
            async () => await database.QueryAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == "1",
            "the statement runs");
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => up);

        // The session lived to write it.
        Assert.Equal(MigrationState.Failed, (await database.StateOfAsync("1_a")).State);
    }

    [Fact]
    public async Task Open_MySql_WaitsAMinuteForACancellation()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await using var runner = database.Open();
        await runner.OpenAsync(readOnly: true, Cancellation);
        Assert.Equal(60u, (uint)new MySqlConnector.MySqlConnectionStringBuilder(runner.JournalSession.ConnectionString).CancellationTimeout);
    }

    [Fact]
    public async Task Up_ForeignKeysOffAndRowsLeftWithoutParent_FailsAndNamesThem()
    {
        using var database = TestDatabase.CreateSqlite();
        const string Rebuild = "PRAGMA foreign_keys = OFF;\nCREATE TABLE parent2 (id INTEGER PRIMARY KEY, name text);\nINSERT INTO parent2 SELECT id, NULL FROM parent{0};\nDROP TABLE parent;\nALTER TABLE parent2 RENAME TO parent;\nPRAGMA foreign_keys = ON;";
        database.Write("1_a.up.sql", "CREATE TABLE parent (id INTEGER PRIMARY KEY);\nCREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id));\nINSERT INTO parent VALUES (1), (2);\nINSERT INTO child VALUES (7, 1), (8, 2);")
            .Write("2_b.up.sql", string.Format(System.Globalization.CultureInfo.InvariantCulture, Rebuild, " WHERE id < 2"));

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("child row 8 to parent", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("row 7", e.Message, StringComparison.Ordinal);
        Assert.Equal("2", await database.QueryAsync("SELECT count(*) FROM parent"));

        // What was so before is not this script's doing.
        await database.ExecuteAsync("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (9, 99)");
        database.Write("2_b.up.sql", string.Format(System.Globalization.CultureInfo.InvariantCulture, Rebuild, ""));
        Assert.Single(await database.Runner().UpAsync(Cancellation));
    }

    [Fact]
    public async Task Up_ForeignKeysOffInTheScriptsOwnTransaction_IsCheckedBeforeItsCommit()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "-- no-transaction\nCREATE TABLE parent (id INTEGER PRIMARY KEY);\nCREATE TABLE child (parent INTEGER REFERENCES parent (id));\nPRAGMA foreign_keys = OFF;\nBEGIN;\nINSERT INTO child VALUES (5);\nCOMMIT;");
        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("child row 1 to parent", e.Message, StringComparison.Ordinal);
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM child"));
    }

    private static async Task<SqliteConnection> HoldAsync(TestDatabase database)
    {
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);
        var writer = new SqliteConnection(database.ConnectionString);
        await writer.OpenAsync(Cancellation);
        await using var begin = writer.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        await begin.ExecuteNonQueryAsync(Cancellation);
        return writer;
    }
}

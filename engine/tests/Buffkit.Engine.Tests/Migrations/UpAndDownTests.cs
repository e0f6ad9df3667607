using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>The life of migrations, the same on every engine.</summary>
public sealed class UpAndDownTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines { get; } = [TestEngine.Sqlite, TestEngine.Postgres, TestEngine.MySql];

    /// <summary>Of the repository; a generated solution has tests of its own for them.</summary>
    private static string SampleScripts()
    {
        var folder = Repository.Folder("Buffkit.MigrationService/Scripts");
        Assert.SkipUnless(Directory.Exists(folder), "The sample is not beside the engine.");
        return folder;
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_ScriptsOfTheSample_CreateOrdersOnce(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        var runner = database.Runner(options => options.ScriptsPath = SampleScripts());

        Assert.Contains(await runner.UpAsync(Cancellation), migration => migration.Name == "20260901120000_add_orders");
        Assert.Empty(await runner.UpAsync(Cancellation));
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM orders"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task DownToZeroAndUp_ScriptsOfTheSample_LeaveTheSchemaAsItWas(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        var runner = database.Runner(options => options.ScriptsPath = SampleScripts());
        var empty = await database.SchemaAsync();
        await runner.UpAsync(Cancellation);
        var full = await database.SchemaAsync();
        Assert.Contains("orders", full, StringComparison.Ordinal);

        await runner.RedoAsync(1000, Cancellation);
        Assert.Equal(full, await database.SchemaAsync());
        await runner.DownAsync(new DownRequest("0"), Cancellation);
        Assert.Equal(empty, await database.SchemaAsync());
        await runner.UpAsync(Cancellation);
        Assert.Equal(full, await database.SchemaAsync());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_StatementFails_SaysWhichAndResumesAfterItIsCorrected(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (2);");

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        var state = await database.StateOfAsync("1_a");

        Assert.Contains("1_a.up.sql:4: statement 4 of 5 (INSERT INTO NOWHERE) failed", e.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Failed, state.State);
        Assert.Equal(engine == TestEngine.MySql ? 3 : 0, state.StatementsDone);
        Assert.Contains("nowhere", state.Error, StringComparison.OrdinalIgnoreCase);

        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nINSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);\nINSERT INTO a VALUES (2);");
        Assert.Single(await database.Runner().UpAsync(Cancellation));
        Assert.Equal("2", await database.QueryAsync("SELECT count(*) FROM a"));
        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_AppliedFileChanged_StopsAndNamesIt(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int, x int);").Write("2_b.up.sql", "CREATE TABLE b (id int);");

        var e = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("1_a.up.sql", e.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Pending, (await database.StateOfAsync("2_b")).State);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_LineEndsAndByteOrderMarkDiffer_IsTheSameFile(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (\n  id int);\n");
        await database.Runner().UpAsync(Cancellation);
        database.Write("1_a.up.sql", "\uFEFFCREATE TABLE a (\r\n  id int);\r\n");
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_LineEndsInsideAString_AreKept(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (t varchar(9));\r\nINSERT INTO a VALUES ('x\r\ny');\r\n");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("x\r\ny", await database.QueryAsync("SELECT t FROM a"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_DirectivesBelowABlockComment_AreRead(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        var alone = engine switch
        {
            TestEngine.Postgres => "VACUUM;",
            TestEngine.MySql => "OPTIMIZE TABLE a;",
            _ => "VACUUM;",
        };
        database.Write("1_a.up.sql", "/*\n * A licence.\n */\n-- No-Transaction\n\nCREATE TABLE a (id int);\n" + alone);
        Assert.Single(await database.Runner().UpAsync(Cancellation));
        Assert.True(ScriptFolder.Read(database.Scripts, engine.Get()).Migrations[0].Up!.Header.NoTransaction);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_RepeatableChanged_RunsAgain(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);")
            .Write("repeatable/R__v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS x FROM a;");
        Assert.Equal(["1_a", "R__v"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
        database.Write("repeatable/R__v.sql", "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 2 AS x, 3 AS y FROM a;");
        Assert.Equal(["R__v"], (await database.Runner().UpAsync(Cancellation)).Select(m => m.Name));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Seed_Environment_RunsItsFilesOnceAndAgainWhenTheyChange(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);")
            .Write("seeds/development/a.sql", "INSERT INTO a VALUES (1);")
            .Write("seeds/production/b.sql", "INSERT INTO a VALUES (100);");
        await database.Runner().UpAsync(Cancellation);

        Assert.Single(await database.Runner().SeedAsync("development", Cancellation));
        Assert.Empty(await database.Runner().SeedAsync("development", Cancellation));
        database.Write("seeds/development/a.sql", "DELETE FROM a;\nINSERT INTO a VALUES (2);");
        Assert.Single(await database.Runner().SeedAsync("development", Cancellation));
        Assert.Equal("2", await database.QueryAsync("SELECT sum(id) FROM a"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task UpAndDown_ToAndSteps_GoSoFar(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        foreach (var n in new[] { 2, 9, 10, 11 })
        {
            database.Write($"{n}_t{n}.up.sql", $"CREATE TABLE t{n} (id int);").Write($"{n}_t{n}.down.sql", $"DROP TABLE t{n};");
        }

        async Task<string> Applied() => string.Join(',', (await database.Runner().StatusAsync(Cancellation)).Migrations
            .Where(m => m.State == MigrationState.Applied).Select(m => m.Version));

        await database.Runner().UpAsync(new UpRequest(To: "9"), Cancellation);
        Assert.Equal("2,9", await Applied());
        await database.Runner().UpAsync(new UpRequest(Steps: 1), Cancellation);
        Assert.Equal("2,9,10", await Applied());
        await database.Runner().UpAsync(Cancellation);
        await database.Runner().DownAsync(new DownRequest(), Cancellation);
        Assert.Equal("2,9,10", await Applied());
        await database.Runner().DownAsync(new DownRequest(To: "t2"), Cancellation);
        Assert.Equal("2", await Applied());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_NoTransactionScriptFails_KeepsCountAndGoesOn(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "-- no-transaction\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nBEGIN;\nINSERT INTO a VALUES (2);\nINSERT INTO nowhere VALUES (1);\nCOMMIT;");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(2, (await database.StateOfAsync("1_a")).StatementsDone);
        Assert.Equal("1", await database.QueryAsync("SELECT sum(id) FROM a"));

        database.Write("1_a.up.sql", "-- no-transaction\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nBEGIN;\nINSERT INTO a VALUES (2);\nCOMMIT;");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("3", await database.QueryAsync("SELECT sum(id) FROM a"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Down_WithoutAWayDown_StopsThere(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "-- irreversible: the data is gone\nCREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);
        var e = await Assert.ThrowsAsync<MigrationConfigurationException>(() => database.Runner().DownAsync(new DownRequest(), Cancellation));
        Assert.Contains("the data is gone", e.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Down_FirstStatementFails_StaysApplied(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("1_a.down.sql", "DROP TABLE nowhere;\nDROP TABLE a;");
        await database.Runner().UpAsync(Cancellation);
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().DownAsync(new DownRequest(), Cancellation));

        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
        database.Write("1_a.down.sql", "DROP TABLE a;");
        Assert.Single(await database.Runner().DownAsync(new DownRequest(), Cancellation));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_ScriptChangesTheSession_TheNextOneFindsItAsBefore(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        var (set, use) = engine switch
        {
            TestEngine.Postgres => ("SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.a (id int);", "CREATE TABLE b (id int);"),
            TestEngine.MySql => ("SET SESSION foreign_key_checks = 0;\nCREATE TABLE a (id int);\nCREATE DATABASE IF NOT EXISTS other_place;\nUSE other_place;", "CREATE TABLE b AS SELECT @@foreign_key_checks AS checks;"),
            _ => ("PRAGMA foreign_keys = OFF;\nCREATE TABLE a (id int);", "CREATE TABLE b AS SELECT foreign_keys AS checks FROM pragma_foreign_keys;"),
        };
        database.Write("1_a.up.sql", set).Write("2_b.up.sql", use);
        Assert.Equal(2, (await database.Runner().UpAsync(Cancellation)).Count);
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM a"));
        Assert.Equal(engine == TestEngine.Postgres ? "" : "1", await database.QueryAsync($"SELECT {(engine == TestEngine.Postgres ? "''" : "checks")} FROM {(engine == TestEngine.Postgres ? "(SELECT 1) x" : "b")}"));
    }
}

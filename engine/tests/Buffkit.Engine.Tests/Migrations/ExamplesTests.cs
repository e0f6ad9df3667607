using Buffkit.Migrations;

namespace Buffkit.Tests;

public sealed class ExamplesTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines => UpAndDownTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Examples_UpRedoDown_LeaveTheSchemaAsItWas(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        CopyExamples(database);
        var runner = database.Runner();
        Assert.Empty(await runner.ValidateAsync(offline: true, Cancellation));

        await runner.UpAsync(Cancellation);
        await runner.SeedAsync("development", Cancellation);
        var full = await database.SchemaAsync();
        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM open_things"));
        // The view stands on the tables; a way down that changed them would have to drop it first.
        await database.ExecuteAsync("DROP VIEW open_things");
        await runner.RepairAsync(new RepairRequest([], ["R__open_things"]), Cancellation);

        await runner.DownAsync(new DownRequest("0"), Cancellation);
        Assert.Equal("", await database.SchemaAsync());
        await runner.UpAsync(Cancellation);
        Assert.Equal(full, await database.SchemaAsync());
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Examples_Lint_FindsNothing(TestEngine engine)
    {
        using var database = TestDatabase.CreateSqlite();
        CopyExamples(database);
        Assert.Empty(await database.Runner(options => options.Engine = engine.Get()).LintAsync(pendingOnly: false, Cancellation));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task NewTable_AsItIsWritten_CountsItsKeysAndGoesAwayAgain(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        MigrationTemplates.Create(database.Scripts, "add_customers", "table", TimeProvider.System, TestEngines.All);
        var runner = database.Runner();

        await runner.UpAsync(Cancellation);

        await database.ExecuteAsync("INSERT INTO customers (name) VALUES ('Ada'), ('Grace')");
        Assert.Equal("2", await database.QueryAsync("SELECT max(id) FROM customers"));
        Assert.StartsWith($"{DateTime.UtcNow.Year}", await database.QueryAsync("SELECT CAST(created_at AS char(30)) FROM customers WHERE id = 1"), StringComparison.Ordinal);
        await runner.DownAsync(new DownRequest("0"), Cancellation);
        Assert.Equal("", await database.SchemaAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NewForeignKey_OnMySql_FailsWhereTheOtherTableOrARowIsMissing(bool hasTable)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        await database.ExecuteAsync("CREATE TABLE things (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(9))");
        await database.ExecuteAsync("INSERT INTO things (name) VALUES ('a'), ('b')");
        if (hasTable)
            await database.ExecuteAsync("CREATE TABLE owners (id int NOT NULL PRIMARY KEY)");
        var up = MigrationTemplates.Create(database.Scripts, "add_owner", "foreign-key", TimeProvider.System, TestEngines.All, "things")
            .Single(path => path.EndsWith(".mysql.up.sql", StringComparison.Ordinal));
        // As a user goes on from it: the column gets its values before the key.
        var text = await File.ReadAllTextAsync(up, Cancellation);
        const string AfterTheColumn = "CREATE TEMPORARY TABLE";
        Assert.Contains(AfterTheColumn, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            up, text.Replace(AfterTheColumn, $"UPDATE things SET owner_id = 7 WHERE name = 'a';\n{AfterTheColumn}", StringComparison.Ordinal), Cancellation);

        var failed = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains(hasTable ? "things_that_refer_to_no_owner" : "owners", failed.Message, StringComparison.Ordinal);
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"));
        if (!hasTable)
            await database.ExecuteAsync("CREATE TABLE owners (id int NOT NULL PRIMARY KEY)");
        await database.ExecuteAsync("INSERT INTO owners VALUES (7)");
        Assert.Single(await database.Runner().UpAsync(Cancellation));
        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"));
    }

    private static void CopyExamples(TestDatabase database)
    {
        foreach (var project in new[] { "Migrations", "Migrations.Postgres", "Migrations.MySql" })
        {
            var folder = Repository.Folder($"engine/Buffkit.{project}/Examples");
            foreach (var file in Directory.EnumerateFiles(folder, "*.sql", SearchOption.AllDirectories))
            {
                database.Write(Path.GetRelativePath(folder, file), File.ReadAllText(file));
            }
        }
    }
}

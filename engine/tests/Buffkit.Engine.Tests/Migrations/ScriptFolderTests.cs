using Buffkit.Migrations;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>What is read from the files, and what is said about those that are wrong.</summary>
public sealed class ScriptFolderTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Read_VersionsAndDependencies_OrdersByNumberAfterWhatIsNeeded()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("10_ten.up.sql", "SELECT 1;").Write("9_nine.up.sql", "-- depends: 10_ten\nSELECT 1;")
            .Write("2_two.up.sql", "SELECT 1;").Write("0011_eleven.up.sql", "SELECT 1;").Write("repeatable/R__x.sql", "SELECT 1;");
        var folder = ScriptFolder.Read(database.Scripts, TestEngine.Sqlite.Get());
        Assert.Equal(["2_two", "10_ten", "9_nine", "0011_eleven", "R__x"], folder.Migrations.Select(m => m.Name));
    }

    [Fact]
    public void Read_FileForTheEngine_StandsInForTheCommonOne()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "SELECT 'common';").Write("1_a.postgres.up.sql", "SELECT 'postgres';").Write("1_a.down.sql", "SELECT 'down';");
        Assert.Contains("common", ScriptFolder.Read(database.Scripts, TestEngine.MySql.Get()).Migrations[0].Up!.Statements(TestEngine.Sqlite.Get())[0].Text, StringComparison.Ordinal);
        Assert.Contains("'postgres'", ScriptFolder.Read(database.Scripts, TestEngine.Postgres.Get()).Migrations[0].Up!.Statements(TestEngine.Sqlite.Get())[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1_a.sql", "SELECT 1;", ProblemKind.Parse)]
    [InlineData("a.up.sql", "SELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.oracle.up.sql", "SELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "SELECT 'open;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- lock-timeout: soon\nSELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- engines: oracle\nSELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- irreversible:\nSELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- lint-ignore: drop-table\nSELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- no-transactions\nSELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "/* licence\n */ -- x\n-- LOCK-TIMEOUT: soon\nSELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- old\rSELECT 1;\r", ProblemKind.Parse)]
    [InlineData("1_a.up.sql", "-- depends: 7_gone\nSELECT 1;", ProblemKind.MissingDependency)]
    [InlineData("1_a.up.sql", "-- depends: 1_a\nSELECT 1;", ProblemKind.Cycle)]
    [InlineData("1_a.up.sql", "SELECT 1;", ProblemKind.MissingDown)]
    [InlineData("1_a.down.sql", "SELECT 1;", ProblemKind.Parse)]
    [InlineData("1_a.mysql.up.sql", "SELECT 1;", ProblemKind.OtherEngine)]
    [InlineData("repeatable/x.sql", "SELECT 1;", ProblemKind.Parse)]
    public async Task Validate_WrongFile_NamesItAndTheKind(string file, string sql, ProblemKind kind)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write(file, sql);
        var problems = await database.Runner().ValidateAsync(offline: true, Cancellation);
        Assert.Contains(problems, problem => problem.Kind == kind && file.StartsWith(problem.Script.Split('.')[0], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Repeatable/R__v.sql", "repeatable/R__v.sql")]
    [InlineData("repeatables/v.sql", "repeatable/R__v.sql")]
    [InlineData("repeatable/sub/R__v.sql", "repeatable/R__v.sql")]
    [InlineData("R__v.sql", "repeatable/R__v.sql")]
    [InlineData("seed/development/orders.sql", "seeds/development/orders.sql")]
    [InlineData("seeds/orders.sql", "seeds/<environment>/orders.sql")]
    [InlineData("seeds/development/more/orders.sql", "seeds/development/orders.sql")]
    [InlineData("v2/2_b.up.sql", "2_b.up.sql, directly into the folder")]
    [InlineData("repeatable/2_b.up.sql", "2_b.up.sql, directly into the folder")]
    [InlineData("views/deep/v.SQL", "seeds/<environment>/")]
    public async Task ValidateAndUp_FileInAFolderThatNobodyReads_NameItAndItsPlace(string file, string place)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("1_a.down.sql", "DROP TABLE a;").Write(file, "CREATE VIEW v AS SELECT 1;");

        var found = Assert.Single(await database.Runner().ValidateAsync(offline: true, Cancellation));
        Assert.Equal((file, true), (found.Script, found.IsError));
        Assert.Contains(place, found.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(found, Assert.Single(refused.Problems));
    }

    [Fact]
    public async Task Validate_CopiesThatAToolKeepsInAHiddenFolder_AreNoScripts()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write(".history/1_a.up.sql", "SELECT 1;");
        Assert.Empty(await database.Runner().ValidateAsync(offline: true, Cancellation));
    }

    [Fact]
    public async Task Validate_Directives_AreAccepted()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "-- The first.\n-- no-transaction\n-- engines: sqlite, postgres\n-- lock-timeout: 500ms\n-- statement-timeout: 2min\n-- irreversible: it is the first\n-- lint-ignore: drop-table it is empty\nSELECT 1;")
            .Write("2_b.up.sql", "-- depends: a\nSELECT 1;").Write("2_b.down.sql", "SELECT 1;");
        Assert.Empty(await database.Runner().ValidateAsync(offline: false, Cancellation));
    }

    [Fact]
    public async Task Validate_TwoOfOneVersion_SaysBoth()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "SELECT 1;").Write("01_b.up.sql", "SELECT 1;");
        Assert.Contains(
            await database.Runner().ValidateAsync(offline: true, Cancellation),
            problem => problem.Kind == ProblemKind.Duplicate && problem.Message.Contains("1_a", StringComparison.Ordinal) && problem.Message.Contains("01_b", StringComparison.Ordinal));
        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
    }

    [Fact]
    public async Task Validate_NotUtf8_SaysSo()
    {
        using var database = TestDatabase.CreateSqlite();
        await File.WriteAllBytesAsync(Path.Combine(database.Scripts, "1_a.up.sql"), [0x53, 0xE4, 0x0A], Cancellation);
        Assert.Contains(
            await database.Runner().ValidateAsync(offline: true, Cancellation),
            problem => problem.Message.Contains("UTF-8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Validate_OlderPendingAndFileGone_NamesBoth()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("2_b.up.sql", "SELECT 1;").Write("3_c.up.sql", "SELECT 3;");
        await database.Runner().UpAsync(Cancellation);
        File.Delete(Path.Combine(database.Scripts, "3_c.up.sql"));
        database.Write("1_a.up.sql", "SELECT 1;");

        var kinds = (await database.Runner().ValidateAsync(offline: false, Cancellation)).Select(problem => problem.Kind).ToList();
        Assert.Contains(ProblemKind.OutOfOrder, kinds);
        Assert.Contains(ProblemKind.MissingFile, kinds);
        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Single(await database.Runner().UpAsync(new UpRequest(OutOfOrder: true), Cancellation));
    }

    [Fact]
    public void New_EveryTemplate_MakesFilesThatValidateAndLint()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero));
        foreach (var engine in new[] { TestEngine.Sqlite, TestEngine.Postgres, TestEngine.MySql })
        {
            using var database = TestDatabase.CreateSqlite();
            foreach (var template in MigrationTemplates.Names)
            {
                MigrationTemplates.Create(database.Scripts, $"try {template}", template, time, TestEngines.All, table: "things");
            }

            var folder = ScriptFolder.Read(database.Scripts, engine.Get());
            Assert.Empty(folder.Problems);
            // A foreign key is checked in a migration of its own where that locks nobody out.
            Assert.Equal(MigrationTemplates.Names.Count + 1, folder.Migrations.Count);
            Assert.Equal("20260901120000_try_empty", folder.Migrations[0].Name);
            Assert.Empty(folder.Migrations.Select(migration => migration.Up).OfType<ScriptFile>().SelectMany(file => Linter.Lint(file, engine.Get())));
        }
    }

    [Theory]
    [InlineData("../x", "table")]
    [InlineData("", "table")]
    [InlineData("x", "chair")]
    [InlineData("add_order", "table")]
    [InlineData("add_x", "table", "a; DROP TABLE b")]
    public void New_BadNameTemplateOrTable_IsRefusedAndNothingIsWritten(string name, string template, string? table = null)
    {
        using var database = TestDatabase.CreateSqlite();
        Assert.Throws<MigrationConfigurationException>(() =>
            MigrationTemplates.Create(database.Scripts, name, template, TimeProvider.System, TestEngines.All, table));
        Assert.Empty(Directory.EnumerateFiles(database.Scripts));
    }

    [Theory]
    [InlineData("add_customers", null, "customers")]
    [InlineData("create-customer-notes", null, "customer_notes")]
    [InlineData("add_note_to_customers", null, "customers")]
    [InlineData("customers", null, "customers")]
    [InlineData("add_customers", "clients", "clients")]
    public void New_Table_IsTheOneThatTheNameOrTheOptionSays(string name, string? option, string table)
    {
        using var database = TestDatabase.CreateSqlite();

        var files = MigrationTemplates.Create(database.Scripts, name, "table", TimeProvider.System, TestEngines.All, option);

        Assert.All(files, file => Assert.Contains($" TABLE {table}", File.ReadAllText(file), StringComparison.Ordinal));
        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains("things", StringComparison.Ordinal));
    }
}

using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>Folders and histories of other tools become ours.</summary>
public sealed class MigrationImportTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines => UpAndDownTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfGoose_RunsOnlyWhatGooseHadNot(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources().Write("embed.go", "package migrations")
            .Write("00001_a.sql", "-- +goose Up\nCREATE TABLE a (id int);\n\n-- +goose Down\nDROP TABLE a;\n")
            .Write("00002_b.sql", "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE b (id int);\nCREATE TABLE c (id int)\n-- +goose StatementEnd\nDROP TABLE c;\n-- +goose Down\nDROP TABLE b;\n");
        await database.ExecuteAsync("CREATE TABLE a (id int)");
        await database.ExecuteAsync("CREATE TABLE goose_db_version (id int PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NULL)");
        await database.ExecuteAsync("INSERT INTO goose_db_version VALUES (1, 0, true, '2024-05-01 10:00:00'), (2, 1, true, '2024-05-01 10:00:00'), (3, 2, true, '2024-05-01 10:00:00'), (4, 2, false, '2024-05-02 10:00:00')");
        await RunsOnly(database, folder, "goose", "00002_b");
        Assert.Equal(new DateTime(2024, 5, 1, 10, 0, 0, DateTimeKind.Utc), (await database.StateOfAsync("00001_a")).AppliedAt);
        await database.Runner().DownAsync(new DownRequest("0", null), Cancellation);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfDbmate_RunsOnlyWhatDbmateHadNot(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources()
            .Write("20240101000000_a.sql", "-- migrate:up\nCREATE TABLE a (id int);\n\n-- migrate:down\nDROP TABLE a;\n")
            .Write("20240102000000_b.sql", "-- migrate:up transaction:false\nCREATE TABLE b (id int);\n-- migrate:down\n");
        await database.ExecuteAsync("CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)");
        await database.ExecuteAsync("INSERT INTO schema_migrations VALUES ('20240101000000')");
        await RunsOnly(database, folder, "dbmate", "20240102000000_b");
        Assert.Equal(
            "-- imported: dbmate 20240102000000_b.sql\n-- irreversible: dbmate had no way down\n-- no-transaction\nCREATE TABLE b (id int);\n",
            await File.ReadAllTextAsync(Path.Combine(database.Scripts, "20240102000000_b.up.sql"), Cancellation));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfSqlMigrate_RunsOnlyWhatItHadNot(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources()
            .Write("1-a.sql", "-- +migrate Up\nCREATE TABLE a (id int);\n-- +migrate Down\nDROP TABLE a;\n")
            .Write("10-b.sql", "-- +migrate Up notransaction\nCREATE TABLE b (id int);\n-- +migrate Down\nDROP TABLE b;\n");
        await database.ExecuteAsync("CREATE TABLE gorp_migrations (id varchar(255) PRIMARY KEY, applied_at timestamp NULL)");
        await database.ExecuteAsync("INSERT INTO gorp_migrations VALUES ('1-a.sql', '2024-05-01 10:00:00')");
        await RunsOnly(database, folder, "sql-migrate", "10_b");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfFlyway_RunsOnlyWhatFlywayHadNot(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources()
            .Write("V1__old.sql", "CREATE TABLE old (id int);")
            .Write("V1.2__a.sql", "CREATE TABLE a (id int);").Write("U1.2__a.sql", "DROP TABLE a;")
            .Write("V1.10__b.sql", "CREATE TABLE b (id int);").Write("U1.10__b.sql", "DROP TABLE b;")
            .Write("R__v.sql", "CREATE VIEW v AS SELECT 1 AS one;");
        await database.ExecuteAsync("CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000), checksum int, installed_by varchar(100), installed_on timestamp NULL, execution_time int, success boolean)");
        await database.ExecuteAsync(
            """
            INSERT INTO flyway_schema_history VALUES (1, '1', 'base', 'BASELINE', '<< Flyway Baseline >>', NULL, 'ann', '2024-05-01 10:00:00', 0, true),
            (2, '1.2', 'a', 'SQL', 'V1.2__a.sql', 1, 'ann', '2024-05-01 10:00:00', 5, true),
            (3, '1.10', 'b', 'SQL', 'V1.10__b.sql', 1, 'ann', '2024-05-01 10:00:00', 5, true),
            (4, NULL, 'v', 'SQL', 'R__v.sql', 1, 'ann', '2024-05-01 10:00:00', 5, true),
            (5, '1.10', 'b', 'UNDO_SQL', 'U1.10__b.sql', 1, 'ann', '2024-05-02 10:00:00', 5, true)
            """);
        await RunsOnly(database, folder, "flyway", "110_b");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfEvolve_RunsOnlyWhatEvolveHadNot(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources()
            .Write("V1_1__a.sql", "CREATE TABLE a (id int);").Write("V1_2__b.sql", "-- evolve-tx-off\nCREATE TABLE b (id int);");
        await database.ExecuteAsync("CREATE TABLE changelog (id int PRIMARY KEY, type int, version varchar(50), description varchar(200), name varchar(300), checksum varchar(32), installed_by varchar(100), installed_on timestamp NULL, success boolean)");
        await database.ExecuteAsync("INSERT INTO changelog VALUES (1, 0, '1.1', 'a', 'V1_1__a.sql', '', 'ann', '2024-05-01 10:00:00', true)");
        await RunsOnly(database, folder, "evolve", "12_b");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfGolangMigrate_RunsOnlyWhatItHadNot_AndNothingWhileItIsDirty(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources()
            .Write("000001_z.up.sql", "CREATE TABLE z (id int);").Write("000001_z.down.sql", "DROP TABLE z;")
            .Write("000002_a.up.sql", "CREATE TABLE a (id int);").Write("000002_a.down.sql", "DROP TABLE a;")
            .Write("000003_b.up.sql", "CREATE TABLE b (id int);").Write("000003_b.down.sql", "DROP TABLE b;");
        await database.ExecuteAsync("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)");
        await database.ExecuteAsync("INSERT INTO schema_migrations VALUES (2, true)");
        Import(database, folder, "golang-migrate");
        var refused = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("failed at 2", refused.Message, StringComparison.Ordinal);

        await database.ExecuteAsync("UPDATE schema_migrations SET dirty = false");
        Assert.Equal(["000003_b"], (await database.Runner().UpAsync(Cancellation)).Select(migration => migration.Name));
        Assert.DoesNotContain((await database.Runner().StatusAsync(Cancellation)).Problems, problem => problem.IsError);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_HistoryOfDbUp_RunsOnlyWhatDbUpHadNot(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        using var folder = new ForeignSources()
            .Write("Script0001 - Create a.sql", "CREATE TABLE a (id int);").Write("Script0002 - Create b.sql", "CREATE TABLE b (id int);");
        await database.ExecuteAsync("CREATE TABLE schemaversions (schemaversionid int PRIMARY KEY, scriptname varchar(255) NOT NULL, applied timestamp NOT NULL)");
        await database.ExecuteAsync("INSERT INTO schemaversions VALUES (1, 'App.Scripts.Script0001 - Create a.sql', '2024-05-01 10:00:00')");
        await RunsOnly(database, folder, "dbup", "0002_Create_b");
    }

    [Theory]
    [InlineData("goose", "1_a.go", "package main", "1_a.go:1: This is no SQL")]
    [InlineData("goose", "1_b.sql", "-- +goose ENVSUB ON\n-- +goose Up\nSELECT 1;", "1_b.sql:1: '+goose ENVSUB ON'")]
    [InlineData("goose", "1_b.sql", "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\nSELECT 2;\n-- +goose StatementEnd", "1_b.sql:3: This block has several")]
    [InlineData("goose", "1_b.sql", "SELECT 1;", "1_b.sql:1: This stands before")]
    [InlineData("flyway", "V2__b.sql", "SELECT 1;\nSELECT '${schema}';", "V2__b.sql:2: '${schema}' is a placeholder")]
    [InlineData("flyway", "B2__b.sql", "SELECT 1;", "B2__b.sql:1: The name is none")]
    [InlineData("flyway", "afterMigrate.sql", "SELECT 1;", "afterMigrate.sql:1: The name is none")]
    [InlineData("flyway", "U2__b.sql", "SELECT 1;", "U2__b.sql:1: It undoes a migration that is not here")]
    [InlineData("evolve", "R__b.sql", "-- evolve-repeat-always\nSELECT 1;", "R__b.sql:1: 'evolve-repeat-always'")]
    [InlineData("dbup", "10_b.sql", "SELECT 1;", "9_a.sql:1: DbUp runs it after 10_b.sql")]
    public void Import_WhatCannotBeConverted_IsRefusedByFileAndLineAndNothingIsWritten(string tool, string file, string text, string expected)
    {
        using var database = TestDatabase.CreateSqlite();
        using var folder = new ForeignSources().Write(file, text)
            .Write(tool switch { "flyway" or "evolve" => "V9__a.sql", _ => "9_a.sql" }, tool == "goose" ? "-- +goose Up\nSELECT 1;" : "SELECT 1;");
        var refused = Assert.Throws<MigrationValidationException>(() => Import(database, folder, tool));
        Assert.StartsWith(expected, refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(database.Scripts));
    }

    [Fact]
    public void Import_BlockOfMySqlThatTheSplitterWouldDivide_GetsADelimiter()
    {
        using var database = TestDatabase.CreateSqlite();
        using var folder = new ForeignSources().Write("1_a.sql", "-- +migrate Up\n-- +migrate StatementBegin\nCREATE PROCEDURE p() SELECT 1; SELECT 2;\n-- +migrate StatementEnd\nSELECT 3;");
        MigrationImport.Run("sql-migrate", folder.Path, database.Scripts, TestEngine.MySql.Get(), dryRun: false);
        Assert.Equal(2, Assert.Single(ScriptFolder.Read(database.Scripts, TestEngine.MySql.Get()).Migrations).Up!.Statements(TestEngine.MySql.Get()).Count);
    }

    [Fact]
    public async Task Command_DryRunThenImportThenAgain_WritesOnceAndNeverOver()
    {
        using var database = TestDatabase.CreateSqlite();
        using var folder = new ForeignSources().Write("1_a.sql", "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;");
        var (code, output, _) = await MigrationProcess.RunAsync(database, "import", folder.Path, "--from", "dbmate", "--scripts", database.Scripts, "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains("1_a.down.sql", output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(database.Scripts));
        Assert.Equal(0, (await MigrationProcess.RunAsync(database, "import", folder.Path, "--from", "dbmate", "--scripts", database.Scripts)).ExitCode);
        Assert.Equal(2, (await MigrationProcess.RunAsync(database, "import", folder.Path, "--from", "dbmate", "--scripts", database.Scripts)).ExitCode);
        Assert.Equal(2, Directory.EnumerateFiles(database.Scripts).Count());
    }

    private static void Import(TestDatabase database, ForeignSources folder, string tool) =>
        MigrationImport.Run(tool, folder.Path, database.Scripts, database.Engine.Get(), dryRun: false);

    private static async Task RunsOnly(TestDatabase database, ForeignSources folder, string tool, string pending)
    {
        Import(database, folder, tool);
        Assert.Equal([pending], (await database.Runner().UpAsync(Cancellation)).Select(migration => migration.Name));
        var status = await database.Runner().StatusAsync(Cancellation);
        Assert.Equal(0, status.Pending);
        Assert.DoesNotContain(status.Problems, problem => problem.IsError);
    }

    private sealed class ForeignSources : IDisposable
    {
        private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("foreign-");

        public string Path => _root.FullName;

        public ForeignSources Write(string file, string text)
        {
            File.WriteAllText(System.IO.Path.Combine(Path, file), text);
            return this;
        }

        public void Dispose() => _root.Delete(recursive: true);
    }
}

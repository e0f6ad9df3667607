using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>Files of other tools are refused before anything of them runs.</summary>
public sealed class ForeignMarkersTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;", 1, "--from goose")]
    [InlineData("\n  --  +GOOSE up\r\nCREATE TABLE a (id int);", 2, "--from goose")]
    [InlineData("CREATE TABLE a (id int);\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd", 2, "--from goose")]
    [InlineData("-- migrate:up\nCREATE TABLE a (id int);\n\n-- migrate:down\nDROP TABLE a;", 1, "--from dbmate")]
    [InlineData("-- migrate:up transaction:false\nCREATE TABLE a (id int);", 1, "--from dbmate")]
    [InlineData("-- a licence\n-- +migrate Up notransaction\nCREATE TABLE a (id int);\n-- +migrate Down\nDROP TABLE a;", 2, "--from sql-migrate")]
    [InlineData("-- evolve-tx-off\nCREATE TABLE a (id int);", 1, "--from evolve")]
    [InlineData("--liquibase formatted sql\n--changeset ann:1\nCREATE TABLE a (id int);\n--rollback DROP TABLE a;", 1, "Liquibase")]
    [InlineData("CREATE TABLE a (id int);\n--rollback DROP TABLE a;", 2, "Liquibase")]
    [InlineData("-- atlas:txmode none\nCREATE TABLE a (id int);", 1, "Atlas")]
    [InlineData("CREATE TABLE a (id int);\n---- create above / drop below ----\nDROP TABLE a;", 2, "tern")]
    [InlineData("-- !Ups\nCREATE TABLE a (id int);\n-- !Downs\nDROP TABLE a;", 1, "Play")]
    [InlineData("-- // first\nCREATE TABLE a (id int);\n-- //@UNDO\nDROP TABLE a;", 3, "MyBatis")]
    [InlineData("-- +micrate Up\nCREATE TABLE a (id int);\n-- +micrate Down\nDROP TABLE a;", 1, "another migration tool")]
    [InlineData("CREATE TABLE a (id int);\n-- Down Migration\nDROP TABLE a;", 2, ".down.sql")]
    [InlineData("CREATE TABLE a (id int);\n-- ==== DOWN ====\n-- takes it away\nDROP TABLE a;", 2, ".down.sql")]
    public async Task ValidateLintAndUp_FileOfAnotherTool_RefuseItByFileAndLine(string sql, int line, string way)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_first.up.sql", "CREATE TABLE first (id int);").Write("1_first.down.sql", "DROP TABLE first;")
            .Write("2_a.up.sql", sql).Write("2_a.down.sql", "DROP TABLE a;");

        var found = Assert.Single(await database.Runner().ValidateAsync(offline: true, Cancellation));
        Assert.Equal(("2_a.up.sql", line, true), (found.Script, found.Line!.Value, found.IsError));
        Assert.Contains(way, found.Message, StringComparison.Ordinal);
        foreach (var refused in new[]
        {
            await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation)),
            await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().LintAsync(pendingOnly: false, Cancellation)),
        })
        {
            Assert.Equal(found, Assert.Single(refused.Problems));
        }

        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM sqlite_schema"));
    }

    [Theory]
    [InlineData(TestEngine.Postgres)]
    [InlineData(TestEngine.MySql)]
    public async Task Up_FileOfGooseOnAServer_RunsNothing(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "-- +goose Up\nCREATE TABLE b (id int);\n-- +goose Down\nDROP TABLE b;");

        var refused = await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));

        Assert.StartsWith("2_b.up.sql:1: '-- +goose Up'", refused.Message, StringComparison.Ordinal);
        // MySQL lists the tables of all databases of the server.
        var schema = engine == TestEngine.MySql ? "database()" : "current_schema()";
        Assert.Equal("0", await database.QueryAsync(
            $"SELECT count(*) FROM information_schema.tables WHERE table_schema = {schema} AND table_name IN ('a', 'b', 'migration_journal')"));
    }

    [Theory]
    [InlineData(TestEngine.Sqlite, "INSERT INTO a VALUES ('\n-- +goose Down\n');")]
    [InlineData(TestEngine.Sqlite, "/* as it was:\n-- migrate:down\nDROP TABLE a; */\nSELECT 1;")]
    [InlineData(TestEngine.Sqlite, "SELECT 1; -- +goose Down")]
    [InlineData(TestEngine.Sqlite, "-- Rollback:\n-- DROP TABLE a;\nSELECT 1;")]
    [InlineData(TestEngine.Sqlite, "SELECT 1;\n-- down")]
    [InlineData(TestEngine.Sqlite, "-- rolls back what +goose Down left\nSELECT 1;\n-- undo the change of May\nSELECT 2;")]
    [InlineData(TestEngine.Postgres, "DO $body$ BEGIN\n-- +migrate Down\nPERFORM 1; END $body$;")]
    [InlineData(TestEngine.Postgres, "SELECT E'\\'\n-- +goose Down\n';")]
    [InlineData(TestEngine.MySql, "INSERT INTO a VALUES ('\\'\n-- +goose Down\n');\nINSERT INTO a VALUES (\"\n-- migrate:down\n\");")]
    public void Validate_MarkerThatIsData_IsNone(TestEngine engine, string sql)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", sql).Write("1_a.down.sql", "-- Down\nSELECT 1;\n-- down\nSELECT 2;");

        Assert.Empty(ScriptFolder.Read(database.Scripts, engine.Get()).Problems);
    }

    [Fact]
    public async Task Validate_FileOfAnotherToolWithItsOwnName_SaysHowToConvertIt()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("00001_a.sql", "-- +goose Up\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;");

        var found = Assert.Single(await database.Runner().ValidateAsync(offline: true, Cancellation));

        Assert.Equal(("00001_a.sql", 1), (found.Script, found.Line));
        Assert.Contains("import FOLDER --from goose", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_FileOfAnotherTool_End4()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;").Write("1_a.down.sql", "DROP TABLE a;");

        foreach (var command in new[] { "up", "validate", "lint" })
        {
            var (code, json) = await MigrationProcess.RunJsonAsync(database, command);
            Assert.Equal(4, code);
            var problem = Assert.Single(json.GetProperty("problems").EnumerateArray());
            Assert.Equal(("1_a.up.sql", 1), (problem.GetProperty("script").GetString(), problem.GetProperty("line").GetInt32()));
        }
    }
}

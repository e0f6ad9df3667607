using Buffkit.Migrations;

namespace Buffkit.Tests;

public sealed class LintTests
{
    public static TheoryData<string, string, string?> Cases { get; } = new()
    {
        { "postgres", "CREATE INDEX i ON t (a);", "index-not-concurrent" },
        { "postgres", "CREATE UNIQUE INDEX i ON t (a);", "index-not-concurrent" },
        { "postgres", "CREATE TABLE t (a int);\nCREATE INDEX i ON t (a);", null },
        { "postgres", "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);", null },
        { "postgres", "CREATE INDEX CONCURRENTLY i ON t (a);", "concurrently-in-transaction" },
        { "postgres", "-- no-transaction\nCREATE INDEX CONCURRENTLY ON t (a);", "concurrent-index-without-name" },
        { "postgres", "DROP INDEX i;", "drop-index-not-concurrent" },
        { "postgres", "ALTER TABLE t ALTER COLUMN a TYPE bigint;", "column-type-change" },
        { "postgres", "ALTER TABLE t ALTER a SET DATA TYPE bigint;", "column-type-change" },
        { "postgres", "ALTER TABLE t ADD COLUMN a int NOT NULL;", "not-null-without-default" },
        { "postgres", "ALTER TABLE t ADD a int NOT NULL DEFAULT 0;", null },
        { "postgres", "ALTER TABLE t ALTER COLUMN a SET NOT NULL;", "set-not-null" },
        { "postgres", "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid();", "volatile-default" },
        { "postgres", "ALTER TABLE t ADD COLUMN a bigserial;", "volatile-default" },
        { "postgres", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id);", "foreign-key-validated" },
        { "postgres", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID;", null },
        { "postgres", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", "check-validated" },
        { "postgres", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);", "unique-constraint" },
        { "postgres", "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i;", null },
        { "postgres", "-- no-transaction\nVACUUM FULL t;", "table-rewrite" },
        { "postgres", "ALTER TYPE e ADD VALUE 'x';", "add-value-in-transaction" },
        { "postgres", "LOCK TABLE t;", "lock-table" },
        { "postgres", "ALTER TABLE t RENAME COLUMN a TO b;", "rename" },
        { "postgres", "ALTER TABLE t DROP CONSTRAINT c;", null },
        { "postgres", "ALTER TABLE t ALTER COLUMN a DROP NOT NULL;", null },
        { "postgres", "INSERT INTO notes VALUES ('DROP TABLE t; CREATE INDEX i ON t (a)');", null },
        { "postgres", "-- Before: DROP TABLE t\nSELECT 1 /* TRUNCATE t */;", null },
        { "mysql", "ALTER TABLE t MODIFY a bigint;", "column-type-change" },
        { "mysql", "ALTER TABLE t MODIFY a varchar(300), ALGORITHM=INPLACE;", null },
        { "mysql", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id);", "foreign-key-copy" },
        { "mysql", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;", "table-rewrite" },
        { "mysql", "CREATE FULLTEXT INDEX i ON t (a);", "index-lock" },
        { "mysql", "CREATE INDEX i ON t (a);", "index-without-online" },
        { "mysql", "CREATE INDEX i ON t (a) ALGORITHM=INPLACE LOCK=NONE;", null },
        { "mysql", "RENAME TABLE t TO u;", "rename" },
        { "sqlite", "ALTER TABLE t ADD COLUMN a int NOT NULL;", "not-null-without-default" },
        { "sqlite", "DROP TABLE t;", "drop-table" },
        { "sqlite", "ALTER TABLE t DROP COLUMN a;", "drop-column" },
        { "mysql", "ALTER TABLE `t` DROP `a`;", "drop-column" },
        { "sqlite", "UPDATE t SET a = 1;", "change-without-where" },
        { "sqlite", "UPDATE t SET a = 1 WHERE a = 2;", null },
        { "sqlite", "DELETE FROM t;", "change-without-where" },
        { "postgres", "TRUNCATE t;", "truncate" },
        { "postgres", "DROP SCHEMA s CASCADE;", "drop-database" },
        { "sqlite", "-- lint-ignore: drop-table nobody uses it\nDROP TABLE t;", null },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Lint_Statement_FindsTheRule(string engine, string sql, string? rule)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", sql);
        var findings = await database.Runner(options => options.Engine = Enum.Parse<MigrationEngine>(engine, ignoreCase: true))
            .LintAsync(pendingOnly: false, TestContext.Current.CancellationToken);
        Assert.Equal(rule is null ? [] : [rule], findings.Select(finding => finding.Rule));
    }

    [Fact]
    public void EveryRule_IsInTheDocumentation()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Folder("docs"), "migrations.md"));
        Assert.All(LintRules.All, rule => Assert.Contains($"`{rule.Name}`", page, StringComparison.Ordinal));
    }
}

using System.Text.RegularExpressions;
using static Buffkit.Migrations.MigrationEngine;

namespace Buffkit.Migrations;

/// <summary>All rules. docs/migrations.md lists them with the safe way; a test holds the two together.</summary>
internal static class LintRules
{
    private static readonly MigrationEngine[] Everywhere = [Sqlite, Postgres, MySql];

    public static IReadOnlyList<LintRule> All { get; } =
    [
        new("index-not-concurrent", [Postgres], Rule(@"^\s*CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)"),
            "Writers wait while the index is built. Use CREATE INDEX CONCURRENTLY in a file of its own with '-- no-transaction'."),
        new("drop-index-not-concurrent", [Postgres], Rule(@"^\s*DROP\s+INDEX\s+(?!CONCURRENTLY\b)"),
            "All queries on the table wait. Use DROP INDEX CONCURRENTLY in a file of its own with '-- no-transaction'.") { OnlyExistingTables = false },
        new("concurrently-in-transaction", [Postgres], Rule(@"\b(INDEX|REINDEX\b.*)\s+CONCURRENTLY\b"),
            "It cannot run in a transaction. Put '-- no-transaction' into the file's header.") { OnlyExistingTables = false, InTransaction = true },
        new("concurrent-index-without-name", [Postgres], Rule(@"^\s*CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+ON\b"),
            "If it is interrupted, nobody can tell which invalid index to drop. Give it a name.") { OnlyExistingTables = false },
        new("column-type-change", [Postgres], Rule(@"^\s*ALTER\s+TABLE\b.*\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b"),
            "The table is rewritten while nobody can read it. Add a new column, fill it in batches, switch over, drop the old one."),
        new("column-type-change", [MySql], Rule(@"^\s*ALTER\s+TABLE\b.*\b(MODIFY|CHANGE)\s+(COLUMN\s+)?"),
            "The table is copied while nobody can write. Write ALGORITHM=INPLACE or INSTANT so that the server refuses instead of copying, or add a new column and fill it in batches.")
            { Unless = Rule(@"\bALGORITHM\s*=?\s*(INPLACE|INSTANT)\b") },
        new("not-null-without-default", Everywhere, Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(COLUMN\s+)?(?!CONSTRAINT|UNIQUE|PRIMARY|FOREIGN|CHECK|INDEX|KEY)[^,]*\bNOT\s+NULL\b"),
            "It fails as soon as the table has rows. Give a DEFAULT, or add the column nullable, fill it, then make it NOT NULL.")
            { Unless = Rule(@"\bDEFAULT\b|\bGENERATED\b|\bAUTO_INCREMENT\b|\bSERIAL\b|\bBIGSERIAL\b") },
        new("set-not-null", [Postgres], Rule(@"^\s*ALTER\s+TABLE\b.*\bSET\s+NOT\s+NULL\b"),
            "The whole table is read under an exclusive lock. Add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL finds it proven."),
        new("volatile-default", [Postgres], Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(COLUMN\s+)?.*(\bDEFAULT\s+\(?(random|clock_timestamp|gen_random_uuid|uuidv7|uuid_generate_v4|nextval)\b|\b(BIG|SMALL)?SERIAL\b)"),
            "The table is rewritten while nobody can read it. Add the column without default, set the default in a second statement, fill old rows in batches."),
        new("foreign-key-validated", [Postgres], Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?FOREIGN\s+KEY\b"),
            "Both tables are locked while every row is checked. Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration.")
            { Unless = Rule(@"\bNOT\s+VALID\b") },
        new("foreign-key-copy", [MySql], Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?FOREIGN\s+KEY\b"),
            "The table is copied while nobody can write. Check the rows and the other table first, then add the key with foreign_key_checks = 0 and ALGORITHM=INPLACE (see 'new --template foreign-key').")
            { Unless = Rule(@"\bALGORITHM\s*=?\s*INPLACE\b") },
        new("check-validated", [Postgres], Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?CHECK\b"),
            "Every row is checked under an exclusive lock. Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration.")
            { Unless = Rule(@"\bNOT\s+VALID\b") },
        new("unique-constraint", [Postgres], Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?(UNIQUE|PRIMARY\s+KEY)\b"),
            "The table is locked while its index is built. Create the unique index CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.")
            { Unless = Rule(@"\bUSING\s+INDEX\b") },
        new("table-rewrite", [Postgres], Rule(@"^\s*(VACUUM\s+(\(.*\bFULL\b|FULL\b)|CLUSTER\b|REINDEX\s+(?!.*\bCONCURRENTLY\b)|ALTER\s+TABLE\b.*\bSET\s+(TABLESPACE|LOGGED|UNLOGGED)\b)"),
            "The table is rewritten while nobody can use it. Do it in a maintenance window, or REINDEX … CONCURRENTLY."),
        new("table-rewrite", [MySql], Rule(@"^\s*(OPTIMIZE\s+TABLE\b|ALTER\s+TABLE\b.*\b(CONVERT\s+TO\s+CHARACTER\s+SET|DROP\s+PRIMARY\s+KEY|ENGINE\s*=|PARTITION\s+BY|FORCE\b|ALGORITHM\s*=?\s*COPY))"),
            "The table is copied while nobody can write. Do it in a maintenance window or with an online schema change tool."),
        new("index-lock", [MySql], Rule(@"^\s*(CREATE\s+(FULLTEXT|SPATIAL)\s+INDEX\b|ALTER\s+TABLE\b.*\bADD\s+(FULLTEXT|SPATIAL)\b)"),
            "Writers wait while it is built. Do it in a maintenance window."),
        new("index-without-online", [MySql], Rule(@"^\s*(CREATE\s+(UNIQUE\s+)?INDEX\b|ALTER\s+TABLE\b.*\bADD\s+(UNIQUE\s+)?(INDEX|KEY)\b)"),
            "The server may fall back to a way that blocks writers. Write ALGORITHM=INPLACE, LOCK=NONE, so that it refuses instead.")
            { Unless = Rule(@"\bLOCK\s*=?\s*NONE\b") },
        new("add-value-in-transaction", [Postgres], Rule(@"^\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\b"),
            "The new value cannot be used before its transaction ends. Use it in a later migration, and put '-- no-transaction' into this one's header.") { InTransaction = true },
        new("drop-table", Everywhere, Rule(@"^\s*DROP\s+TABLE\b"),
            "The data is gone, and the release that still runs fails. First release code that does not use it; take a backup; then ignore this rule with the reason."),
        new("rebuild-with-foreign-keys", [Sqlite], Rule(@"^\s*DROP\s+TABLE\b"),
            "While foreign keys are enforced, dropping a table first deletes its rows, and with ON DELETE CASCADE those that refer to them. Put PRAGMA foreign_keys = OFF before it and = ON behind.")
            { OnlyBefore = Rule(@"^\s*ALTER\s+TABLE\b.*\bRENAME\s+TO\b"), UnlessBehind = Rule(@"^\s*PRAGMA\s+foreign_keys\s*(=\s*|\(\s*)['""]?(OFF|0|FALSE|NO)\b") },
        new("drop-column", Everywhere, Rule(@"^\s*ALTER\s+TABLE\b.*\bDROP\s+(COLUMN\s+)?(?!CONSTRAINT|INDEX|KEY|FOREIGN|PRIMARY|CHECK|DEFAULT|NOT\b|IDENTITY|EXPRESSION|PARTITION|COLUMN)"),
            "The data is gone, and the release that still runs fails. First release code that does not use it; then ignore this rule with the reason.")
            { Unless = Rule(@"\bALTER\s+(COLUMN\s+)?\S+\s+DROP\b") },
        new("drop-database", Everywhere, Rule(@"^\s*DROP\s+(DATABASE|SCHEMA)\b"), "Everything in it is gone. A migration must not drop a database.") { OnlyExistingTables = false },
        new("truncate", Everywhere, Rule(@"^\s*TRUNCATE\b"), "The data is gone and readers wait. Delete in batches, or ignore this rule with the reason."),
        new("rename", Everywhere, Rule(@"^\s*(ALTER\s+TABLE\b.*\bRENAME\b(?!\s+(CONSTRAINT|INDEX|KEY)\b)|RENAME\s+TABLE\b)"),
            "The release that still runs fails. Add the new name (a column, or a view), move over, drop the old one later."),
        new("change-without-where", Everywhere, Rule(@"^\s*(UPDATE\s+(?!.*\bWHERE\b)|DELETE\s+FROM\s+(?!.*\bWHERE\b))"),
            "All rows are locked until it ends. Change them in batches (see 'new --template backfill')."),
        new("key-without-identity", [Postgres, MySql],
            Rule(@"^\s*CREATE\s+(\w+\s+)*TABLE\b[^(]*\((.*,)?\s*\S+\s+(SMALLINT|INTEGER|INT|BIGINT)\b" + NoSource + @"*\bPRIMARY\s+KEY\b" + NoSource + @"*[,)]"),
            "SQLite counts such a key by itself; here every insert must name it. Write GENERATED ALWAYS AS IDENTITY (PostgreSQL) or AUTO_INCREMENT (MySQL).")
            { OnlyExistingTables = false },
        new("lock-table", [Postgres, MySql], Rule(@"^\s*LOCK\s+TABLES?\b"), "All others wait. Let the statements take the locks that they need."),
    ];

    /// <summary>A character of a column's definition, before which nothing begins that gives the column its value.</summary>
    private const string NoSource = @"(?:(?!\b(GENERATED|AUTO_INCREMENT|DEFAULT|REFERENCES)\b)[^,)])";

    private static Regex Rule(string pattern) =>
        new(pattern, RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
}

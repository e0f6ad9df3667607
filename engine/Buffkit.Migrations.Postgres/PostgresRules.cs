using static Buffkit.Migrations.LintRules;

namespace Buffkit.Migrations.Postgres;

/// <summary>What to look for in a script for PostgreSQL.</summary>
internal static class PostgresRules
{
    public static IReadOnlyList<LintRule> All { get; } =
    [
        new("index-not-concurrent", Rule(@"^\s*CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)"),
            "Writers wait while the index is built. Use CREATE INDEX CONCURRENTLY in a file of its own with '-- no-transaction'."),
        new("drop-index-not-concurrent", Rule(@"^\s*DROP\s+INDEX\s+(?!CONCURRENTLY\b)"),
            "All queries on the table wait. Use DROP INDEX CONCURRENTLY in a file of its own with '-- no-transaction'.") { OnlyExistingTables = false },
        new("concurrently-in-transaction", Rule(@"\b(INDEX|REINDEX\b.*)\s+CONCURRENTLY\b"),
            "It cannot run in a transaction. Put '-- no-transaction' into the file's header.") { OnlyExistingTables = false, InTransaction = true },
        new("concurrent-index-without-name", Rule(@"^\s*CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+ON\b"),
            "If it is interrupted, nobody can tell which invalid index to drop. Give it a name.") { OnlyExistingTables = false },
        new("column-type-change", Rule(@"^\s*ALTER\s+TABLE\b.*\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b"),
            "The table is rewritten while nobody can read it. Add a new column, fill it in batches, switch over, drop the old one."),
        new("set-not-null", Rule(@"^\s*ALTER\s+TABLE\b.*\bSET\s+NOT\s+NULL\b"),
            "The whole table is read under an exclusive lock. Add CHECK (column IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL finds it proven."),
        new("volatile-default", Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(COLUMN\s+)?.*(\bDEFAULT\s+\(?(random|clock_timestamp|gen_random_uuid|uuidv7|uuid_generate_v4|nextval)\b|\b(BIG|SMALL)?SERIAL\b)"),
            "The table is rewritten while nobody can read it. Add the column without default, set the default in a second statement, fill old rows in batches."),
        new("foreign-key-validated", Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?FOREIGN\s+KEY\b"),
            "Both tables are locked while every row is checked. Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration.")
            { Unless = Rule(@"\bNOT\s+VALID\b") },
        new("check-validated", Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?CHECK\b"),
            "Every row is checked under an exclusive lock. Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration.")
            { Unless = Rule(@"\bNOT\s+VALID\b") },
        new("unique-constraint", Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?(UNIQUE|PRIMARY\s+KEY)\b"),
            "The table is locked while its index is built. Create the unique index CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.")
            { Unless = Rule(@"\bUSING\s+INDEX\b") },
        new("table-rewrite", Rule(@"^\s*(VACUUM\s+(\(.*\bFULL\b|FULL\b)|CLUSTER\b|REINDEX\s+(?!.*\bCONCURRENTLY\b)|ALTER\s+TABLE\b.*\bSET\s+(TABLESPACE|LOGGED|UNLOGGED)\b)"),
            "The table is rewritten while nobody can use it. Do it in a maintenance window, or REINDEX … CONCURRENTLY."),
        new("add-value-in-transaction", Rule(@"^\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\b"),
            "The new value cannot be used before its transaction ends. Use it in a later migration, and put '-- no-transaction' into this one's header.") { InTransaction = true },
        new("key-without-identity",
            Rule(LintRules.KeyWithoutIdentity),
            "SQLite counts such a key by itself; here every insert must name it. Write GENERATED ALWAYS AS IDENTITY.")
            { OnlyExistingTables = false },
        new("lock-table", Rule(@"^\s*LOCK\s+TABLES?\b"), "All others wait. Let the statements take the locks that they need."),
    ];
}

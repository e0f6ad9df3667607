using static Buffkit.Migrations.LintRules;

namespace Buffkit.Migrations.MySql;

/// <summary>What to look for in a script for MySQL.</summary>
internal static class MySqlRules
{
    public static IReadOnlyList<LintRule> All { get; } =
    [
        new("column-type-change", Rule(@"^\s*ALTER\s+TABLE\b.*\b(MODIFY|CHANGE)\s+(COLUMN\s+)?"),
            "The table is copied while nobody can write. Write ALGORITHM=INPLACE or INSTANT so that the server refuses instead of copying, or add a new column and fill it in batches.")
            { Unless = Rule(@"\bALGORITHM\s*=?\s*(INPLACE|INSTANT)\b") },
        new("foreign-key-copy", Rule(@"^\s*ALTER\s+TABLE\b.*\bADD\s+(CONSTRAINT\s+\S+\s+)?FOREIGN\s+KEY\b"),
            "The table is copied while nobody can write. Check the rows and the other table first, then add the key with foreign_key_checks = 0 and ALGORITHM=INPLACE (see 'new --template foreign-key').")
            { Unless = Rule(@"\bALGORITHM\s*=?\s*INPLACE\b") },
        new("table-rewrite", Rule(@"^\s*(OPTIMIZE\s+TABLE\b|ALTER\s+TABLE\b.*\b(CONVERT\s+TO\s+CHARACTER\s+SET|DROP\s+PRIMARY\s+KEY|ENGINE\s*=|PARTITION\s+BY|FORCE\b|ALGORITHM\s*=?\s*COPY))"),
            "The table is copied while nobody can write. Do it in a maintenance window or with an online schema change tool."),
        new("index-lock", Rule(@"^\s*(CREATE\s+(FULLTEXT|SPATIAL)\s+INDEX\b|ALTER\s+TABLE\b.*\bADD\s+(FULLTEXT|SPATIAL)\b)"),
            "Writers wait while it is built. Do it in a maintenance window."),
        new("index-without-online", Rule(@"^\s*(CREATE\s+(UNIQUE\s+)?INDEX\b|ALTER\s+TABLE\b.*\bADD\s+(UNIQUE\s+)?(INDEX|KEY)\b)"),
            "The server may fall back to a way that blocks writers. Write ALGORITHM=INPLACE, LOCK=NONE, so that it refuses instead.")
            { Unless = Rule(@"\bLOCK\s*=?\s*NONE\b") },
        new("key-without-identity",
            Rule(LintRules.KeyWithoutIdentity),
            "SQLite counts such a key by itself; here every insert must name it. Write AUTO_INCREMENT.")
            { OnlyExistingTables = false },
        new("lock-table", Rule(@"^\s*LOCK\s+TABLES?\b"), "All others wait. Let the statements take the locks that they need."),
    ];
}

using static Buffkit.Migrations.LintRules;

namespace Buffkit.Migrations.Sqlite;

/// <summary>What to look for in a script for SQLite.</summary>
internal static class SqliteRules
{
    public static IReadOnlyList<LintRule> All { get; } =
    [
        new("rebuild-with-foreign-keys", Rule(@"^\s*DROP\s+TABLE\b"),
            "While foreign keys are enforced, dropping a table first deletes its rows, and with ON DELETE CASCADE those that refer to them. Put PRAGMA foreign_keys = OFF before it and = ON behind.")
            { OnlyBefore = Rule(@"^\s*ALTER\s+TABLE\b.*\bRENAME\s+TO\b"), UnlessBehind = Rule(@"^\s*PRAGMA\s+foreign_keys\s*(=\s*|\(\s*)['""]?(OFF|0|FALSE|NO)\b") },
    ];
}

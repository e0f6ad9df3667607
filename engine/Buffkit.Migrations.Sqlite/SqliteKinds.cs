using System.Text.RegularExpressions;

namespace Buffkit.Migrations.Sqlite;

/// <summary>What statements are to a runner on SQLite.</summary>
internal sealed partial class SqliteKinds : StatementKinds
{
    public override StatementKind Of(Statement statement) => StatementWords.Leading(statement, 3) switch
    {
        ["BEGIN", ..] => StatementKind.Begin,
        ["COMMIT", ..] or ["END", ..] => StatementKind.Commit,
        ["ROLLBACK", "TO", ..] or ["ROLLBACK", "TRANSACTION", "TO"] => StatementKind.Data,
        ["ROLLBACK", ..] => StatementKind.Rollback,
        ["PRAGMA" or "ATTACH" or "DETACH", ..] or ["CREATE", "TEMP" or "TEMPORARY", ..] => StatementKind.Session,
        ["VACUUM", ..] => StatementKind.Alone,
        ["INSERT" or "UPDATE" or "DELETE" or "REPLACE" or "SELECT" or "WITH" or "VALUES", ..] => StatementKind.Data,
        _ => StatementKind.Schema,
    };

    public override bool Touches(Statement statement) =>
        Of(statement) == StatementKind.Session || LoadExtension().IsMatch(statement.Bare);

    public override bool StandsOutside(Statement statement) =>
        StatementWords.Leading(statement, 1) is ["PRAGMA" or "ATTACH" or "DETACH"];

    [GeneratedRegex(@"\bload_extension\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex LoadExtension();
}

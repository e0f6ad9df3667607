namespace Buffkit.Migrations.MySql;

/// <summary>What statements are to a runner on MySQL.</summary>
internal sealed class MySqlKinds : StatementKinds
{
    public override StatementKind Of(Statement statement) => StatementWords.Leading(statement, 3) switch
    {
        ["BEGIN", ..] or ["START", "TRANSACTION", ..] => StatementKind.Begin,
        ["COMMIT", ..] => StatementKind.Commit,
        ["ROLLBACK", "TO", ..] or ["ROLLBACK", "WORK", "TO"] => StatementKind.Data,
        ["ROLLBACK", ..] => StatementKind.Rollback,
        ["SET", ..] or ["USE", ..] or ["PREPARE", ..] or ["DEALLOCATE", ..] or ["LOCK" or "UNLOCK", "TABLES" or "TABLE", ..] => StatementKind.Session,
        ["CREATE" or "DROP", "TEMPORARY", ..] => StatementKind.Session,
        ["INSERT" or "UPDATE" or "DELETE" or "REPLACE" or "SELECT" or "WITH" or "LOAD" or "DO" or "VALUES" or "TABLE", ..] => StatementKind.Data,
        ["CALL" or "EXECUTE" or "SAVEPOINT" or "RELEASE", ..] => StatementKind.Data,
        _ => StatementKind.Schema,
    };
}

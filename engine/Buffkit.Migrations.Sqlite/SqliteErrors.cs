using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Buffkit.Migrations.Sqlite;

/// <summary>What errors mean to a runner.</summary>
internal sealed class SqliteErrors : ServerErrors
{
    public override bool IsMissingTable(DbException exception) =>
        exception is SqliteException { SqliteErrorCode: raw.SQLITE_ERROR } e
        && e.Message.Contains("no such table", StringComparison.Ordinal);

    public override JournalTrouble TroubleOf(DbException exception) => exception switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH } => JournalTrouble.ReadOnly,
        SqliteException { SqliteErrorCode: raw.SQLITE_ERROR } e when e.Message.Contains("no such column", StringComparison.Ordinal)
            || e.Message.Contains("has no column named", StringComparison.Ordinal) => JournalTrouble.Column,
        _ => JournalTrouble.None,
    };

    public override string HintFor(Statement statement, Exception exception) =>
        exception is SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT } && StatementWords.Leading(statement, 2) is ["DROP", "TABLE"]
            ? " While foreign keys are enforced, dropping a table first deletes its rows. To make a table anew put 'PRAGMA foreign_keys = OFF;' before it and '= ON' behind."
            : "";
}

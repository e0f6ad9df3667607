using System.Data.Common;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>What errors mean to a runner.</summary>
internal sealed class PostgresErrors : ServerErrors
{
    public override string Describe(Exception exception) => exception is PostgresException e
        ? $"{e.SqlState}: {e.MessageText}{(e.Hint is { } hint ? $" Hint: {hint}" : "")}"
        : base.Describe(exception);

    public override bool IsMissingTable(DbException exception) => exception.SqlState == PostgresErrorCodes.UndefinedTable;

    public override JournalTrouble TroubleOf(DbException exception) => exception is not PostgresException e ? JournalTrouble.None : e.SqlState switch
    {
        PostgresErrorCodes.InsufficientPrivilege => JournalTrouble.Right,
        PostgresErrorCodes.ReadOnlySqlTransaction => JournalTrouble.ReadOnly,
        PostgresErrorCodes.UndefinedColumn => JournalTrouble.Column,
        _ => JournalTrouble.None,
    };

    /// <remarks>
    /// Some statements decide by what they find: REINDEX and CLUSTER by whether the table is partitioned, DO by whether a
    /// procedure that it calls commits.
    /// </remarks>
    public override bool IsRefusedInTransaction(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.ActiveSqlTransaction or PostgresErrorCodes.InvalidTransactionTermination };

    public override bool IsAnswer(DbException exception) => exception is not NpgsqlException { InnerException: IOException };
}

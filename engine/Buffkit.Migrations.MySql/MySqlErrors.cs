using System.Data.Common;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>What errors mean to a runner.</summary>
internal sealed class MySqlErrors : ServerErrors
{
    // https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
    private const int MissingTable = 1146;
    private const int DatabaseAccessDenied = 1044;
    private const int TableAccessDenied = 1142;
    private const int ColumnAccessDenied = 1143;
    private const int SpecificAccessDenied = 1227;
    private const int OptionPreventsStatement = 1290;
    private const int ReadOnlyMode = 1836;
    private const int BadField = 1054;

    public override bool IsMissingTable(DbException exception) => exception is MySqlException { Number: MissingTable };

    public override JournalTrouble TroubleOf(DbException exception) => exception is not MySqlException e ? JournalTrouble.None : e.Number switch
    {
        DatabaseAccessDenied or TableAccessDenied or ColumnAccessDenied or SpecificAccessDenied => JournalTrouble.Right,
        OptionPreventsStatement or ReadOnlyMode => JournalTrouble.ReadOnly,
        BadField => JournalTrouble.Column,
        _ => JournalTrouble.None,
    };

    public override string HintFor(Statement statement, Exception exception) =>
        StatementWords.Leading(statement, 3) is ["LOAD", "DATA", "LOCAL"]
            ? " LOAD DATA LOCAL needs 'AllowLoadLocalInfile=true' in the connection string, and local_infile = ON on the server."
            : "";
}

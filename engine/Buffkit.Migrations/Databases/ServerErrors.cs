using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>What a server's errors mean to a runner.</summary>
internal abstract class ServerErrors
{
    /// <summary>Says what happened: the server's message; what else an exception's text holds (stack, data, connection) is not for the journal.</summary>
    public virtual string Describe(Exception exception) => exception switch
    {
        DbException e => e.Message,
        OperationCanceledException => "cancelled.",
        _ => exception.Message,
    };

    public abstract bool IsMissingTable(DbException exception);

    /// <summary>What keeps the journal from being read or written.</summary>
    public abstract JournalTrouble TroubleOf(DbException exception);

    /// <summary>Whether the server refused a statement, before it did anything, only because it stood inside a transaction.</summary>
    public virtual bool IsRefusedInTransaction(Exception exception) => false;

    /// <summary>Whether an exception holds the server's word, and not only the driver's that there was none.</summary>
    public virtual bool IsAnswer(DbException exception) => true;

    /// <summary>What the driver's message leaves out of the way on: a sentence with a space before it, or nothing.</summary>
    public virtual string HintFor(Statement statement, Exception exception) => "";
}

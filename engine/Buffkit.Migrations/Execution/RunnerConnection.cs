using System.Data;
using DbUp.Engine;
using DbUp.Engine.Output;
using DbUp.Engine.Transactions;

namespace Buffkit.Migrations;

/// <summary>Gives DbUp's engine the session that holds the lock, instead of one of its own per operation.</summary>
internal sealed class RunnerConnection(MigrationDatabase database) : IConnectionManager
{
    public TransactionMode TransactionMode { get; set; } = TransactionMode.NoTransaction;

    public bool IsScriptOutputLogged { get; set; }

    public int? ExecutionTimeoutSeconds { get; set; }

    public IDisposable OperationStarting(IUpgradeLog upgradeLog, List<SqlScript> executedScripts) => new Nothing();

    public void ExecuteCommandsWithManagedConnection(Action<Func<IDbCommand>> action) =>
        action(database.JournalSession.CreateCommand);

    public T ExecuteCommandsWithManagedConnection<T>(Func<Func<IDbCommand>, T> actionWithResult) =>
        actionWithResult(database.JournalSession.CreateCommand);

    public IEnumerable<string> SplitScriptIntoCommands(string scriptContents) =>
        StatementSplitter.Split(scriptContents, database.Engine.Dialect).Select(statement => statement.Text);

    public bool TryConnect(IUpgradeLog upgradeLog, out string errorMessage)
    {
        errorMessage = "";
        return database.JournalSession.State == ConnectionState.Open;
    }

    /// <summary>The runner opens and closes the session.</summary>
    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

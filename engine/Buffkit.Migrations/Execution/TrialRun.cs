namespace Buffkit.Migrations;

/// <summary>Runs a script inside a transaction that someone else will roll back.</summary>
internal sealed class TrialRun(RunContext context, MigrationScript script) : ScriptRun(context, script)
{
    protected override async Task RunScriptAsync(CancellationToken cancellation)
    {
        var (_, inside, _) = TransactionLayout.Of(Script, Database);
        try
        {
            foreach (var index in inside)
            {
                await TryAsync(index, cancellation);
            }

            if (Touched)
            {
                await Database.ResetTrialAsync(cancellation);
            }
        }
        finally
        {
            // Whoever rolls back cleans the session, which is in the transaction until then.
            Touched = false;
        }
    }

    private async Task TryAsync(int index, CancellationToken cancellation)
    {
        try
        {
            await ExecuteAsync(index, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Failure(index, e, "Nothing of the trial remains.");
        }
    }
}

namespace Buffkit.Migrations;

/// <summary>Runs a script inside a transaction that someone else will roll back.</summary>
internal sealed class TrialRun(RunContext context, MigrationScript script) : ScriptRun(context, script)
{
    public override async Task RunAsync(CancellationToken cancellation)
    {
        var (_, inside, _) = TransactionLayout.Of(Script, Database);
        foreach (var index in inside)
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
}

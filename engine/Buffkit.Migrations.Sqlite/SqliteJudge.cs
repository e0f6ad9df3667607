namespace Buffkit.Migrations.Sqlite;

/// <summary>Nothing tells on SQLite whether a statement took effect that stood outside of transactions; one can be repeated without harm.</summary>
internal sealed class SqliteJudge : StatementJudge
{
    protected override Task<StatementOutcome> CompareAsync(
        Statement statement, string? fingerprint, CancellationToken cancellation) =>
        Task.FromResult(StatementWords.Leading(statement, 1) is ["VACUUM"] ? StatementOutcome.NotDone : StatementOutcome.Unknown);
}

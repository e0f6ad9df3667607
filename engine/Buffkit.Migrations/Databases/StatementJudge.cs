namespace Buffkit.Migrations;

/// <summary>Tells whether a statement took effect that was under way when its runner stopped.</summary>
internal abstract class StatementJudge
{
    /// <summary>
    /// What to write down before a statement whose end cannot be written together with it, so that
    /// <see cref="SettleAsync"/> can tell whether it took effect.
    /// </summary>
    public async Task<string> MarkAsync(Statement statement, CancellationToken cancellation) =>
        $"{Identity(statement)} {await FingerprintAsync(statement, cancellation)}";

    /// <summary>Decides whether the statement took effect, and removes what it left half-done.</summary>
    /// <param name="statement">The statement as the file has it now.</param>
    /// <param name="mark">What <see cref="MarkAsync"/> gave; <see langword="null"/> if the server has said since that the statement failed.</param>
    /// <param name="cancellation">Ends the questions.</param>
    public async Task<StatementOutcome> SettleAsync(Statement statement, string? mark, CancellationToken cancellation)
    {
        if (mark is null)
        {
            await RemoveRemainsAsync(statement, cancellation);
            return StatementOutcome.NotDone;
        }

        return mark.Split(' ', 2) is [var identity, var fingerprint] && identity == Identity(statement)
            ? await CompareAsync(statement, fingerprint.Length == 0 ? null : fingerprint, cancellation)
            // The file says something else by now, and what it said then is not known.
            : StatementOutcome.Unknown;
    }

    /// <summary>Where a person sees whether a statement took effect, as the end of "Look at".</summary>
    public virtual string WhereToLook(Statement statement) => "what the statement would have changed";

    /// <summary>Whether a statement that failed may have left something behind that its repetition stumbles over.</summary>
    public virtual bool LeavesRemains(Statement statement) => false;

    /// <summary>What a statement would change, as it is; <see langword="null"/> where that cannot be told.</summary>
    protected virtual Task<string?> FingerprintAsync(Statement statement, CancellationToken cancellation) =>
        Task.FromResult<string?>(null);

    /// <summary>Compares what a statement would change with what it was.</summary>
    protected abstract Task<StatementOutcome> CompareAsync(Statement statement, string? fingerprint, CancellationToken cancellation);

    protected virtual Task RemoveRemainsAsync(Statement statement, CancellationToken cancellation) => Task.CompletedTask;

    private static string Identity(Statement statement) => ScriptFile.ChecksumOf(statement.Text)[..16];
}

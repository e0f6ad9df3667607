namespace Buffkit.Migrations.CommandLine;

/// <summary>How results reach the caller. Each method returns the exit code that the result means.</summary>
internal abstract class CommandOutput
{
    public static CommandOutput For(bool json) => json ? new JsonOutput(Console.Out) : new TextOutput(Console.Out, Console.Error, TerminalWidth.OfOutput());

    public abstract int Completed(IReadOnlyList<CompletedMigration> migrations, string nothing);

    public abstract int Names(string verb, IReadOnlyList<string> names, string nothing);

    public abstract int Repairs(IReadOnlyList<Repair> repairs);

    public abstract void Status(MigrationStatus status);

    public int Problems(IReadOnlyList<ScriptProblem> problems)
    {
        WriteProblems(problems);
        return problems.Any(problem => problem.IsError) ? ExitCode.Problems : ExitCode.Success;
    }

    public int Findings(IReadOnlyList<LintFinding> findings)
    {
        WriteFindings(findings);
        return findings.Count > 0 ? ExitCode.Problems : ExitCode.Success;
    }

    public int Findings(IReadOnlyList<CheckResult> results)
    {
        WriteFindings(results);
        return results.Any(result => result.State == CheckState.Failed) ? ExitCode.Problems : ExitCode.Success;
    }

    public abstract int DryRun(DryRun result);

    public abstract int Schema(string sql);

    public abstract void Error(Exception exception, int exitCode);

    protected abstract void WriteProblems(IReadOnlyList<ScriptProblem> problems);

    protected abstract void WriteFindings(IReadOnlyList<LintFinding> findings);

    protected abstract void WriteFindings(IReadOnlyList<CheckResult> results);

    /// <summary>Our own exceptions say all there is to say; of others the type helps whoever reports them.</summary>
    protected static string MessageOf(Exception exception) => exception switch
    {
        OperationCanceledException => "Cancelled. What had not been committed was taken back; run again to go on.",
        MigrationException => exception.Message,
        _ => $"{exception.GetType().Name}: {exception.Message}",
    };
}

namespace Buffkit.Migrations.CommandLine;

/// <summary>Plain lines for people and for grep.</summary>
/// <param name="output">Results.</param>
/// <param name="error">What went wrong.</param>
/// <param name="columns">What lines are fitted to; <see langword="null"/> for one line each, however long.</param>
internal sealed class TextOutput(TextWriter output, TextWriter error, int? columns) : CommandOutput
{
    private const int StateWidth = 14;
    private const int CheckWidth = 8;

    public override int Completed(IReadOnlyList<CompletedMigration> migrations, string nothing)
    {
        foreach (var migration in migrations)
        {
            output.WriteLine($"{(migration.Direction == "up" ? "applied" : "undone "),-8} {migration.Name}  ({Count(migration.Statements, "statement")}, {migration.Duration.TotalMilliseconds:0} ms)");
        }

        output.WriteLine(migrations.Count == 0 ? nothing : $"{Count(migrations.Count, "migration")}.");
        return ExitCode.Success;
    }

    public override int Names(string verb, IReadOnlyList<string> names, string nothing)
    {
        foreach (var name in names)
        {
            output.WriteLine($"{verb}  {name}");
        }

        if (names.Count == 0)
        {
            output.WriteLine(nothing);
        }

        return ExitCode.Success;
    }

    public override int Repairs(IReadOnlyList<Repair> repairs)
    {
        foreach (var repair in repairs)
        {
            output.WriteLine($"{repair.Migration}: {repair.Action}.");
        }

        if (repairs.Count == 0)
        {
            output.WriteLine("Nothing to repair.");
        }

        return ExitCode.Success;
    }

    public override void Status(MigrationStatus status)
    {
        var names = status.Migrations.Select(migration => migration.Name.Length).DefaultIfEmpty().Max();
        var details = status.Migrations.Select(migration => Details(migration).Length).DefaultIfEmpty().Max();
        // All of them in one line, or none: a table with ragged columns is not read.
        var oneLine = columns is not { } width || StateWidth + 1 + names + 2 + details <= width;
        foreach (var migration in status.Migrations)
        {
            var state = State(migration).PadRight(StateWidth);
            if (oneLine)
            {
                output.WriteLine($"{state} {migration.Name.PadRight(names)}  {Details(migration)}".TrimEnd());
            }
            else
            {
                WriteWrapped($"{state} {migration.Name}", StateWidth + 1);
                WriteBelow(Details(migration));
            }

            WriteBelow(migration.Error ?? "");
        }

        output.WriteLine($"{status.Engine}: {Count(status.Migrations.Count(m => m.State is MigrationState.Applied or MigrationState.Baselined), "migration")} applied, {status.Pending} pending.");
        if (status.Runner is { } runner)
        {
            WriteWrapped($"A runner is at work: {runner}.", 0);
        }

        WriteProblems(status.Problems, silentWhenNone: true);
    }

    public override int DryRun(DryRun result)
    {
        foreach (var migration in result.Migrations)
        {
            output.WriteLine($"-- {migration.Name}{(migration.Tried ? ": ran and was rolled back" : result.Executed ? ": not tried, since it or one before it is no-transaction" : "")}");
            if (!migration.Tried)
            {
                foreach (var statement in migration.Statements)
                {
                    output.WriteLine(statement + ";");
                }
            }
        }

        if (result.Caveat is { } caveat)
        {
            WriteWrapped(caveat, 0);
        }

        if (result.Migrations.Count == 0)
        {
            output.WriteLine("Nothing to apply: the schema is up to date.");
        }

        if (result.Findings.Count > 0)
        {
            WriteFindings(result.Findings);
        }

        return ExitCode.Success;
    }

    public override int Schema(string sql)
    {
        output.Write(sql);
        return ExitCode.Success;
    }

    public override void Error(Exception exception, int exitCode) => error.WriteLine(MessageOf(exception));

    protected override void WriteProblems(IReadOnlyList<ScriptProblem> problems) => WriteProblems(problems, silentWhenNone: false);

    protected override void WriteFindings(IReadOnlyList<LintFinding> findings)
    {
        foreach (var finding in findings)
        {
            WriteWrapped($"{finding.File}:{finding.Line}: {finding.Rule}: {finding.Message}", 2);
        }

        output.WriteLine(findings.Count == 0 ? "Nothing found." : $"{Count(findings.Count, "finding")}. To accept one: -- lint-ignore: rule reason");
    }

    protected override void WriteFindings(IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results.Where(result => result.State != CheckState.Skipped))
        {
            WriteWrapped($"{result.State.ToString().ToLowerInvariant(),-CheckWidth} {result.Name}: {result.Found}", CheckWidth + 1);
            if (result.ToDo is { } toDo)
            {
                WriteWrapped($"{"",-CheckWidth} To do: {toDo}", CheckWidth + 1);
            }
        }

        // One line: each of them says the same.
        foreach (var skipped in results.Where(result => result.State == CheckState.Skipped).GroupBy(result => result.Needs))
        {
            WriteWrapped($"{"skipped",-CheckWidth} {string.Join(", ", skipped.Select(result => result.Name))}: not looked at, since '{skipped.Key}' failed.", CheckWidth + 1);
        }

        output.WriteLine($"{Count(results.Count, "check")}: {Of(CheckState.Failed)} failed, {Count(Of(CheckState.Warning), "warning")}, {Of(CheckState.Skipped)} skipped.");

        int Of(CheckState state) => results.Count(result => result.State == state);
    }

    private void WriteProblems(IReadOnlyList<ScriptProblem> problems, bool silentWhenNone)
    {
        foreach (var problem in problems)
        {
            WriteWrapped($"{(problem.IsError ? "error" : "hint ")}  {problem}", "error  ".Length);
        }

        if (problems.Count == 0 && !silentWhenNone)
        {
            output.WriteLine("All is well.");
        }
    }

    private void WriteWrapped(string text, int indent) => output.WriteLine(WrappedText.Of(text, columns, indent));

    /// <summary>Under the names.</summary>
    private void WriteBelow(string text)
    {
        if (text.Length > 0)
        {
            WriteWrapped(new string(' ', StateWidth + 1) + text, StateWidth + 1);
        }
    }

    private static string State(MigrationStatusEntry migration) =>
        migration is { Changed: true, Kind: "versioned" } ? "changed!" : migration.State.ToString().ToLowerInvariant();

    private static string Details(MigrationStatusEntry migration)
    {
        if (migration.AppliedAt is not { } at)
        {
            return "";
        }

        var statements = migration.State is MigrationState.Applied or MigrationState.Baselined or MigrationState.Reverted
            ? ""
            : $"  {migration.StatementsDone} of {migration.StatementsTotal} statements{(migration.StatementUnderWay is { } under ? $", {under} was under way" : "")}";
        return $"{at:yyyy-MM-dd HH:mm:ss}Z  {migration.Duration?.TotalMilliseconds:0} ms  {migration.Who}{statements}";
    }

    private static string Count(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";
}

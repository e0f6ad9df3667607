namespace Buffkit.Migrations;

/// <summary>What a dry run showed.</summary>
/// <param name="Executed">Whether the migrations really ran and were rolled back.</param>
/// <param name="Migrations">The pending ones.</param>
/// <param name="Findings">What lint says about them.</param>
public sealed record DryRun(bool Executed, IReadOnlyList<DryRunMigration> Migrations, IReadOnlyList<LintFinding> Findings)
{
    /// <summary>Gets what rolling back does not take back; <see langword="null"/> where that is nothing.</summary>
    public string? Caveat { get; init; }
}

/// <summary>One pending migration.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tried">Whether it ran; one that is <c>no-transaction</c> and those after it cannot.</param>
/// <param name="Statements">Its statements.</param>
public sealed record DryRunMigration(string Name, bool Tried, IReadOnlyList<string> Statements);

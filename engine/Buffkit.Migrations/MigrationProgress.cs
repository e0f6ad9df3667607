namespace Buffkit.Migrations;

/// <summary>How far a run has come. Reported before and after each statement; keep the receiver quick.</summary>
/// <param name="Migration">The migration's name.</param>
/// <param name="Direction"><c>up</c>, <c>down</c>.</param>
/// <param name="MigrationNumber">Which migration of this run, from 1.</param>
/// <param name="MigrationCount">How many this run has.</param>
/// <param name="StatementsDone">How many statements of the migration are done.</param>
/// <param name="StatementCount">How many it has.</param>
/// <param name="Statement">The first words of the statement under way, or <see langword="null"/> at the end of a migration.</param>
/// <param name="Elapsed">How long the migration has been running.</param>
public sealed record MigrationProgress(
    string Migration,
    string Direction,
    int MigrationNumber,
    int MigrationCount,
    int StatementsDone,
    int StatementCount,
    string? Statement,
    TimeSpan Elapsed);

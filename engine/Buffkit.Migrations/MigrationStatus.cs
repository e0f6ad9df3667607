namespace Buffkit.Migrations;

/// <summary>How a database stands to its scripts.</summary>
/// <param name="Engine"><c>sqlite</c>, <c>postgres</c> or <c>mysql</c>.</param>
/// <param name="Runner">Who is at work on it now, in the server's words; <see langword="null"/> for nobody.</param>
/// <param name="Migrations">In the order in which they run, then what only the journal knows.</param>
/// <param name="Problems">What <c>validate</c> finds.</param>
public sealed record MigrationStatus(
    string Engine, string? Runner, IReadOnlyList<MigrationStatusEntry> Migrations, IReadOnlyList<ScriptProblem> Problems)
{
    /// <summary>Gets how many are still to be applied, those that stopped half-way included.</summary>
    public int Pending => Migrations.Count(migration => migration.HasFile && !migration.State.IsApplied());
}

/// <summary>One migration of a <see cref="MigrationStatus"/>.</summary>
public sealed record MigrationStatusEntry
{
    /// <summary>The name, the same for all its files.</summary>
    public required string Name { get; init; }

    /// <summary>The number of a versioned migration.</summary>
    public string? Version { get; init; }

    /// <summary><c>versioned</c>, <c>repeatable</c>, <c>seed</c>, or <c>adopted</c> for what DbUp had applied from files that are not here.</summary>
    public required string Kind { get; init; }

    /// <summary>How far it is.</summary>
    public required MigrationState State { get; init; }

    /// <summary>UTC: when it reached this state.</summary>
    public DateTime? AppliedAt { get; init; }

    /// <summary>How long it took; <see langword="null"/> where the journal does not say.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How many statements have taken effect.</summary>
    public int StatementsDone { get; init; }

    /// <summary>How many statements it has; <see langword="null"/> where there is no file to count them in.</summary>
    public int? StatementsTotal { get; init; }

    /// <summary>The statement whose outcome is not known, from 1.</summary>
    public int? StatementUnderWay { get; init; }

    /// <summary>Who ran it: user and machine, as the runner was told.</summary>
    public string? Who { get; init; }

    /// <summary>Why it stopped; <see langword="null"/> where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the file differs from what was applied.</summary>
    public bool Changed { get; init; }

    /// <summary>Whether its way up is in the folder.</summary>
    public bool HasFile { get; init; }

    /// <summary>Whether it has a way down.</summary>
    public bool HasDown { get; init; }
}

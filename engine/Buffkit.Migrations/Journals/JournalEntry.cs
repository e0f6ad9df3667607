namespace Buffkit.Migrations;

/// <summary>One row of the journal: what happened to one migration in this database.</summary>
internal sealed record JournalEntry
{
    /// <summary><see cref="Kind"/> of rows taken over from DbUp whose script has no file here.</summary>
    public const string AdoptedKind = "adopted";

    public required string Name { get; init; }

    public string? Version { get; init; }

    public required string Kind { get; init; }

    /// <summary>The file's checksum when it ran; <see langword="null"/> where nobody knows.</summary>
    public string? Checksum { get; init; }

    public required string Engine { get; init; }

    public required MigrationState State { get; init; }

    /// <summary>UTC: when it was applied, undone, or last tried.</summary>
    public required DateTime At { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>How many statements have taken effect for good.</summary>
    public int StatementsDone { get; init; }

    public int StatementsTotal { get; init; }

    /// <summary>The statement that was under way, from 1; 0 for none. Above <see cref="StatementsDone"/> its fate is unknown.</summary>
    public int StatementStarted { get; init; }

    /// <summary>The checksum of the statements that are done, so that a rerun knows whether they are still the same.</summary>
    public string? DoneChecksum { get; init; }

    /// <summary>The schema's fingerprint before <see cref="StatementStarted"/>, by which a rerun sees whether it took effect.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Who ran it: user, machine.</summary>
    public required string Who { get; init; }

    /// <summary>What the server said.</summary>
    public string? Error { get; init; }
}

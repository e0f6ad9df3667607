namespace Buffkit.Migrations;

/// <summary>What a person knows about migrations that stopped half-way, by number or name.</summary>
/// <param name="Applied">Those whose effect has been completed by hand.</param>
/// <param name="Pending">Those whose effect has been undone by hand.</param>
public sealed record RepairRequest(IReadOnlyList<string> Applied, IReadOnlyList<string> Pending)
{
    /// <summary>Gets those whose statement under way took effect, so that the next run goes on after it.</summary>
    public IReadOnlyList<string> StatementDone { get; init; } = [];

    /// <summary>Gets those whose statement under way took no effect, so that the next run begins with it.</summary>
    public IReadOnlyList<string> StatementNotDone { get; init; } = [];

    /// <summary>Names no migration: repairs what the server can answer for.</summary>
    public RepairRequest()
        : this([], [])
    {
    }
}

/// <summary>One thing that <c>repair</c> did.</summary>
/// <param name="Migration">To which migration.</param>
/// <param name="Action">What, as the end of a sentence.</param>
public sealed record Repair(string Migration, string Action);

using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>What every script of one run shares.</summary>
internal sealed record RunContext(
    MigrationDatabase Database, Journal Journal, ILogger Logger, TimeProvider Time, MigrationOptions Options)
{
    /// <summary>Gets or sets how many scripts the run has.</summary>
    public int Count { get; set; }

    /// <summary>Gets or sets which of them is under way, from 1.</summary>
    public int Number { get; set; }

    public void Report(MigrationScript script, int done, int total, string? statement, TimeSpan elapsed) =>
        Options.Progress?.Report(new MigrationProgress(
            script.Name, script.Direction == Direction.Up ? "up" : "down", Number, Count, done, total, statement, elapsed));
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>One thing to look at in a database, for whoever asks what is wrong with it.</summary>
/// <param name="Name">Its name, in two words at most: <c>database durability</c>.</param>
/// <param name="LookAsync">Looks at it. Changes nothing.</param>
internal sealed record DatabaseCheck(string Name, Func<ExaminedDatabase, CancellationToken, Task<HealthCheckResult>> LookAsync)
{
    /// <summary>Gets a value indicating whether it can be looked at only where there is a database: SQLite's file may not be there yet.</summary>
    public bool NeedsDatabase { get; init; } = true;

    /// <summary>Gets a value indicating whether it can be looked at only through a session.</summary>
    public bool NeedsSession { get; init; } = true;
}

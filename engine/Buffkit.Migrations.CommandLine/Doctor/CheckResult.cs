namespace Buffkit.Migrations.CommandLine;

/// <summary>How one check ended.</summary>
internal enum CheckState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, and something is to be done about it all the same.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Failed,

    /// <summary>It could not be looked at, since a check that it needs failed.</summary>
    Skipped,
}

/// <summary>What one check found.</summary>
/// <param name="Name">The check.</param>
/// <param name="State">How it ended.</param>
/// <param name="Found">What is so.</param>
/// <param name="ToDo">What to do; <see langword="null"/> for nothing.</param>
/// <param name="Duration">How long it took.</param>
internal sealed record CheckResult(string Name, CheckState State, string Found, string? ToDo, TimeSpan Duration)
{
    /// <summary>Gets the check that this one needs, where that is why it was skipped.</summary>
    public string? Needs { get; init; }
}

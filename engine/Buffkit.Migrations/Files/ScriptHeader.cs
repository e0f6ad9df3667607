namespace Buffkit.Migrations;

/// <summary>The directives in the comment lines that a script begins with.</summary>
internal sealed record ScriptHeader
{
    /// <summary><c>-- depends: name, name</c>: those run before this one, whatever the versions say.</summary>
    public IReadOnlyList<string> Depends { get; init; } = [];

    /// <summary><c>-- no-transaction</c>: each statement commits by itself, as CREATE INDEX CONCURRENTLY needs.</summary>
    public bool NoTransaction { get; init; }

    /// <summary><c>-- engines: a, b</c>: the script is for these only; <see langword="null"/> for all.</summary>
    public IReadOnlyList<string>? Engines { get; init; }

    /// <summary><c>-- lock-timeout: 5s</c>: how long a statement waits for a lock.</summary>
    public TimeSpan? LockTimeout { get; init; }

    /// <summary><c>-- statement-timeout: 60s</c>: how long a statement may run.</summary>
    public TimeSpan? StatementTimeout { get; init; }

    /// <summary><c>-- irreversible: reason</c>: there is no way down, and why.</summary>
    public string? Irreversible { get; init; }

    /// <summary><c>-- imported: tool file</c>: where the migration comes from, by which the tool's history knows it.</summary>
    public ImportOrigin? Imported { get; init; }

    /// <summary><c>-- lint-ignore: rule reason</c>.</summary>
    public IReadOnlyList<string> LintIgnored { get; init; } = [];
}

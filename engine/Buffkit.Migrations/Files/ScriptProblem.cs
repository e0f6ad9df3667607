namespace Buffkit.Migrations;

/// <summary>What is wrong with the scripts, or between them and the journal.</summary>
public enum ProblemKind
{
    /// <summary>A name, a directive or a text that cannot be read.</summary>
    Parse,

    /// <summary>A migration without a way down.</summary>
    MissingDown,

    /// <summary>A dependency that no file has.</summary>
    MissingDependency,

    /// <summary>Dependencies that lead in a circle.</summary>
    Cycle,

    /// <summary>Two migrations of one version, or two files for one purpose.</summary>
    Duplicate,

    /// <summary>A file that changed after it was applied.</summary>
    Changed,

    /// <summary>An applied migration whose file is gone.</summary>
    MissingFile,

    /// <summary>A pending file with the content of an applied one whose file is gone.</summary>
    Renamed,

    /// <summary>A migration that is older than one already applied.</summary>
    OutOfOrder,

    /// <summary>A migration that stopped half-way.</summary>
    HalfApplied,

    /// <summary>A migration that has no file for this engine and no directive that says why.</summary>
    OtherEngine,
}

/// <summary>One finding.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Script">The file or migration.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="IsError">Whether it makes <c>validate</c> fail; otherwise it is a hint.</param>
/// <param name="Line">The line, where there is one.</param>
public sealed record ScriptProblem(ProblemKind Kind, string Script, string Message, bool IsError, int? Line = null)
{
    internal static ScriptProblem Error(ProblemKind kind, string script, string message, int? line = null) =>
        new(kind, script, message, IsError: true, line);

    internal static ScriptProblem Hint(ProblemKind kind, string script, string message) =>
        new(kind, script, message, IsError: false);

    /// <summary>The file, the line and the message, as compilers write them.</summary>
    public override string ToString() => Line is { } line ? $"{Script}:{line}: {Message}" : $"{Script}: {Message}";
}

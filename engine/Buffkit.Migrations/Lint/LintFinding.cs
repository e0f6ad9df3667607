namespace Buffkit.Migrations;

/// <summary>A statement that may block or destroy.</summary>
/// <param name="Rule">The rule's name, for <c>-- lint-ignore:</c>.</param>
/// <param name="File">The file.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What is the matter, and the safe way.</param>
public sealed record LintFinding(string Rule, string File, int Line, string Message);

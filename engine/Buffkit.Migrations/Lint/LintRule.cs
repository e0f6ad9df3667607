using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>One thing to look for in a statement.</summary>
/// <param name="Name">For directives and documentation.</param>
/// <param name="Pattern">Matched against a statement without comments and string contents.</param>
/// <param name="Message">What is the matter, and the safe way.</param>
internal sealed record LintRule(string Name, Regex Pattern, string Message)
{
    /// <summary>What, if it matches too, makes the statement harmless.</summary>
    public Regex? Unless { get; init; }

    /// <summary>What has to follow in the same script for the rule to apply.</summary>
    public Regex? OnlyBefore { get; init; }

    /// <summary>What, if it stands before in the same script, makes the statement harmless.</summary>
    public Regex? UnlessBehind { get; init; }

    /// <summary>Whether a table that the same script creates is exempt: nobody uses it yet.</summary>
    public bool OnlyExistingTables { get; init; } = true;

    /// <summary>Whether the rule is about scripts that run in a transaction (true), those that do not (false), or both.</summary>
    public bool? InTransaction { get; init; }
}

namespace Buffkit.Migrations;

/// <summary>A script cannot be split into statements. The message says where and what to do.</summary>
internal sealed class ScriptSyntaxException(int line, string message) : Exception(message)
{
    /// <summary>Gets the line of the script, from 1.</summary>
    public int Line { get; } = line;
}

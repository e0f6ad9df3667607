namespace Buffkit.Migrations;

/// <summary>One file of ours, made of one of another tool.</summary>
/// <param name="Source">The tool's file, relative to its folder.</param>
/// <param name="Path">Ours, relative to the scripts' folder.</param>
/// <param name="Text">What will stand in it.</param>
internal sealed record ImportedScript(string Source, string Path, string Text);

namespace Buffkit.Migrations;

/// <summary>Where an imported migration comes from.</summary>
/// <param name="Tool">One of <see cref="MigrationImport.Tools"/>.</param>
/// <param name="File">The tool's file, relative to its folder.</param>
internal sealed record ImportOrigin(string Tool, string File)
{
    /// <summary>Gets the file's name alone, as histories keep it.</summary>
    public string FileName => File[(File.LastIndexOf('/') + 1)..];
}

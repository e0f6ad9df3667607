using System.Reflection;

namespace Buffkit.Migrations;

/// <summary>The files of one of the examples, which lie in the assemblies.</summary>
/// <param name="Name">What the files are named after, without their number.</param>
/// <param name="Files">What stands behind the name, and the text.</param>
internal sealed record MigrationExample(string Name, IReadOnlyList<(string Suffix, string Text)> Files)
{
    private const string Folder = "Examples/";

    /// <summary>Reads the files for all engines, and those for the engines that there are.</summary>
    public static MigrationExample Read(string name, MigrationEngines engines) => new(
        name,
        [.. engines.All.Select(engine => engine.GetType().Assembly).Prepend(typeof(MigrationExample).Assembly).Distinct()
            .SelectMany(assembly => In(assembly, name))
            // Up before down, and what is for all before what is for one.
            .OrderBy(file => file.Suffix.EndsWith(".down.sql", StringComparison.Ordinal)).ThenBy(file => file.Suffix.Length)]);

    private static IEnumerable<(string Suffix, string Text)> In(Assembly assembly, string name)
    {
        foreach (var resource in assembly.GetManifestResourceNames().Where(resource => resource.StartsWith(Folder, StringComparison.Ordinal)))
        {
            var dot = resource.IndexOf('.', StringComparison.Ordinal);
            if (resource[Folder.Length..dot].Split('_', 2)[^1] == name)
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                yield return (resource[dot..], reader.ReadToEnd().ReplaceLineEndings("\n"));
            }
        }
    }
}

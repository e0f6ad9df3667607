using System.Xml.Linq;

namespace Buffkit.Tests;

/// <summary>What the template wrote, in a folder that goes with it.</summary>
internal sealed class GeneratedSolution(string name) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("solution-");

    public string Name { get; } = name;

    public string Root => _folder.FullName;

    /// <summary>Paths from the root, with slashes, in order.</summary>
    public string[] Files =>
        [.. _folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => Relative(file.FullName)).Order(StringComparer.Ordinal)];

    /// <summary>Those that are the user's: neither the engine's source nor its packages.</summary>
    public IEnumerable<string> OwnFiles => Files.Where(file =>
        !file.StartsWith("engine/", StringComparison.Ordinal) && !file.StartsWith("packages/", StringComparison.Ordinal));

    public IEnumerable<string> OwnFilesOf(params string[] extensions) => OwnFiles.Where(file => extensions.Contains(Path.GetExtension(file)));

    public IEnumerable<string> FilesOf(params string[] extensions) => Files.Where(file => extensions.Contains(Path.GetExtension(file)));

    /// <summary>A file's text, with Unix line ends.</summary>
    public string Read(string file) => File.ReadAllText(Path.Combine(Root, file)).ReplaceLineEndings("\n");

    /// <summary>Edits a file as a user would; the text must be there.</summary>
    public void Replace(string file, string old, string text)
    {
        var content = Read(file);
        Assert.Contains(old, content, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(Root, file), content.Replace(old, text, StringComparison.Ordinal));
    }

    public XElement ReadXml(string file) => XElement.Parse(Read(file));

    /// <summary>The path from the root of what a file refers to.</summary>
    public string Resolve(string file, string reference) =>
        Relative(Path.GetFullPath(Path.Combine(Root, Path.GetDirectoryName(file)!, reference.Replace('\\', '/'))));

    public void Dispose() => _folder.Delete(recursive: true);

    private string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');
}

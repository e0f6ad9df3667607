using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>The pages that a reader meets: README and <c>docs</c>.</summary>
internal static partial class DocsPages
{
    /// <summary>Paths from the root, with slashes.</summary>
    public static string[] All =>
    [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        .. Directory.EnumerateFiles(Repository.Folder("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Folder("."), file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    public static string Read(string page) => File.ReadAllText(Repository.Folder(page)).ReplaceLineEndings("\n");

    /// <summary>The fenced blocks of a language, with the line that each begins at.</summary>
    public static IEnumerable<(int Line, string Text)> Blocks(string page, string language)
    {
        var text = Read(page);
        return Fence().Matches(text)
            .Where(match => match.Groups["language"].Value == language)
            .Select(match => (text.AsSpan(0, match.Groups["text"].Index).Count('\n') + 1, match.Groups["text"].Value));
    }

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}

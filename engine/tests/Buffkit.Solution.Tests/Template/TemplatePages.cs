using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>What the pages of a generated solution may name: only what this solution has.</summary>
internal static partial class TemplatePages
{
    /// <summary>Pages that speak of the solution as it was generated; the others are the engine's and tell of every option it has.</summary>
    private static readonly string[] OfItsOptions = ["README.md", "docs/deployment.md"];

    /// <summary>The types of the solution in this repository: a name of one in a page is a promise that it is there. The engine always is.</summary>
    private static readonly HashSet<string> Known = TypesOf(
        Directory.EnumerateDirectories(Repository.Folder("."), "Buffkit.*")
            .SelectMany(room => Directory.EnumerateFiles(room, "*.cs", SearchOption.AllDirectories)));

    public static void AssertTrue(GeneratedSolution solution, string database, bool redis)
    {
        var types = TypesOf(solution.FilesOf(".cs").Select(file => Path.Combine(solution.Root, file)));
        foreach (var page in solution.FilesOf(".md"))
        {
            var text = solution.Read(page);
            foreach (var name in Code().Matches(text).Select(match => match.Groups[1].Value).Where(Known.Contains))
                Assert.True(types.Contains(name), $"{page} names {name}, which this solution lacks.");

            foreach (var project in Project(solution.Name).Matches(text).Select(match => match.Groups[1].Value))
                Assert.True(Directory.Exists(Path.Combine(solution.Root, project)), $"{page} names {project}, which this solution lacks.");

            if (!OfItsOptions.Contains(page))
                continue;
            foreach (var (service, there) in new[] { ("PostgreSQL", database == "postgres"), ("MySQL", database == "mysql"), ("Redis", redis) })
                Assert.True(there || !text.Contains(service, StringComparison.Ordinal), $"{page} speaks of {service}, which was not chosen.");
        }
    }

    private static HashSet<string> TypesOf(IEnumerable<string> files) =>
        [.. files.SelectMany(file => Type().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value)];

    private static Regex Project(string name) => new($@"[`""]({Regex.Escape(name)}\.[A-Za-z]+)[`""/]", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"`([A-Z]\w+)[^`\n]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\b(?:class|struct|record|enum|interface)\s+([A-Z]\w+)")]
    private static partial Regex Type();
}

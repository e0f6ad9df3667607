using System.Text.RegularExpressions;

namespace Buffkit.Tests;

public sealed partial class LinksTests
{
    public static TheoryData<string> Pages => new(DocsPages.All);

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_LinksAndPictures_AreThere(string page)
    {
        var folder = Path.GetDirectoryName(Repository.Folder(page))!;

        Assert.All(Link().Matches(DocsPages.Read(page)), match =>
        {
            var target = Path.Combine(folder, match.Groups[1].Value);
            Assert.True(Path.Exists(target), $"{page} links to {match.Groups[1].Value}, which is not there.");
            if (match.Groups[2].Value is { Length: > 0 } anchor)
                Assert.Contains(anchor, Anchors(File.ReadAllText(target)));
        });
    }

    /// <summary>As GitHub makes them: lower case, dashes for spaces, no punctuation.</summary>
    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(text).Select(match => NotInAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#([^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{Nd} _-]")]
    private static partial Regex NotInAnchor();
}

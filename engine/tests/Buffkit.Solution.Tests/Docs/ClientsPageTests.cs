using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>The code of <c>docs/clients.md</c> is the code that the tests of these clients run.</summary>
public sealed partial class ClientsPageTests
{
    private const string Page = "docs/clients.md";

    [Fact]
    public void Page_CodeOfClients_IsWhatTheTestsRun()
    {
        var clients = Directory.EnumerateFiles(Repository.Folder("clients/compatibility/clients"))
            .Append(Repository.Folder("clients/htmx/sse-resume.js"))
            .ToDictionary(file => Path.GetFileName(file), file => Alias().Replace(File.ReadAllText(file).ReplaceLineEndings("\n"), "'eventsource'"));
        Assert.NotEmpty(clients);

        var blocks = DocsPages.Blocks(Page, "js").Concat(DocsPages.Blocks(Page, "bash")).ToArray();

        Assert.All(blocks, block => Assert.True(clients.ContainsValue(block.Text), $"{Page}:{block.Line} is no file of a client.\n{block.Text}"));
        Assert.All(clients, client => Assert.Contains(client.Value, blocks.Select(block => block.Text)));
    }

    // Two versions of a package beside each other have names that its users do not give it.
    [GeneratedRegex("'eventsource-[23]'")]
    private static partial Regex Alias();
}

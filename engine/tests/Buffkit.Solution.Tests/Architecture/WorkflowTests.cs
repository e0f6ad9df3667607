using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Buffkit.Tests;

/// <summary>What the repository's workflows run is what somebody has looked at.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Workflows = Repository.Folder(".github/workflows");

    [Fact]
    public void Action_InAnyWorkflow_IsPinnedToACommitWithItsTagBeside()
    {
        var uses = Directory.GetFiles(Workflows, "*.y*ml")
            .SelectMany(File.ReadLines)
            .Where(line => line.TrimStart(' ', '-').StartsWith("uses:", StringComparison.Ordinal))
            .ToArray();

        Assert.NotEmpty(uses);
        Assert.All(uses, line => Assert.Matches(Pinned(), line));
        // One action, one commit.
        Assert.All(uses.GroupBy(line => line.Split('@')[0]), same => Assert.Single(same.Select(line => line.Split('@')[1]).Distinct()));
    }

    [Fact]
    public void Advisories_EveryNight_FailARun()
    {
        var nightly = File.ReadAllText(Path.Combine(Workflows, "nightly.yml"));

        Assert.Contains("schedule:", nightly, StringComparison.Ordinal);
        Assert.Contains("dotnet restore -p:AdvisoriesFail=true", nightly, StringComparison.Ordinal);
        Assert.Contains("AdvisoriesFail", File.ReadAllText(Repository.Folder("Directory.Build.props")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Buffkit.Client")]
    [InlineData("Buffkit.Streams")]
    [InlineData("Buffkit.Migrations")]
    [InlineData("Buffkit.Migrations.CommandLine")]
    [InlineData("Buffkit.Migrations.MySql")]
    [InlineData("Buffkit.Migrations.Postgres")]
    [InlineData("Buffkit.Migrations.Sqlite")]
    public void Packages_OfAnEngine_AreLockedInTheWorkflow(string project)
    {
        var folder = Repository.Folder($"engine/{project}");
        var definition = XElement.Load(Path.Combine(folder, $"{project}.csproj"));
        var locked = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(folder, "packages.lock.json")))
            .GetProperty("dependencies").GetProperty("net10.0").EnumerateObject().ToDictionary(package => package.Name, package => package.Value);

        Assert.All(
            definition.Descendants("PackageReference").Select(package => package.Attribute("Include")!.Value),
            package => Assert.Matches("^[A-Za-z0-9+/]{86}==$", locked[package].GetProperty("contentHash").GetString()));
        Assert.Contains("GITHUB_ACTIONS", definition.Descendants("RestoreLockedMode").Single().Attribute("Condition")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Updates_OfPackagesAndActions_AreProposed()
    {
        var updates = File.ReadAllText(Repository.Folder(".github/dependabot.yml"));

        Assert.Contains("package-ecosystem: nuget", updates, StringComparison.Ordinal);
        Assert.Contains("package-ecosystem: github-actions", updates, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();
}

using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>Generated solutions build without a warning and pass their own tests; pairs of options are covered, not each combination.</summary>
[Collection(TemplateBuilds.Name)]
public sealed partial class TemplateBuildTests(TemplateHive hive)
{
    [Theory]
    [InlineData("My-App", "mysql", true, true, true)]
    [InlineData("1st.App-x", "sqlite", false, false, true)]
    [InlineData("My Shop", "postgres", false, true, false)]
    [InlineData("Order", "postgres", true, true, false)]
    public async Task Solution_WithoutAspire_BuildsAndPassesItsTests(string name, string database, bool redis, bool sample, bool test)
    {
        using var solution = await hive.CreateAsync(
            name, "--database", database, "--redis", $"{redis}", "--aspire", "false", "--sample", $"{sample}");

        if (test)
            await AddFeatureAsync(solution, "Companies");

        await DotnetCommand.RunAsync(solution.Root, "build", "-warnaserror", "-maxcpucount:2");
        if (test)
            await DotnetCommand.RunAsync(solution.Root, "test", "--no-build");
        if (!redis)
            await AssertRefusesRedisAsync(solution);
    }

    /// <summary>A feature of the user's own, connected as its page says; its tests then run with the solution's.</summary>
    private async Task AddFeatureAsync(GeneratedSolution solution, string name)
    {
        var api = Path.Combine(solution.Root, $"{solution.Name}.Api");
        await DotnetCommand.RunAsync(api, "restore");
        await hive.AddAsync(api, "buffkit-feature", name);

        Assert.Contains($"docs/{name.ToLowerInvariant()}.md", solution.Files);
        Assert.Contains($"{solution.Name}.Tests/Api/CompanyTests.cs", solution.Files);
        solution.Replace($"{solution.Name}.Api/Program.cs", "builder.Services.AddProblems();", $"builder.Services.Add{name}();\nbuilder.Services.AddProblems();");
        solution.Replace($"{solution.Name}.Api/Program.cs", "app.MapEventStreams();", $"app.MapEventStreams();\napp.Map{name}();");
        solution.Replace($"{solution.Name}.Api/Access.cs", "Watched = [", $"Watched = [TopicFilter.Parse(\"{name.ToLowerInvariant()}/**\"), ");
    }

    /// <summary>A server without Redis that is told of one would lose the others' events without a word.</summary>
    private static async Task AssertRefusesRedisAsync(GeneratedSolution solution)
    {
        var output = await DotnetCommand.FailAsync(
            solution.Root, "run", "--no-build", "--project", $"{solution.Name}.Api", "--", "--ConnectionStrings:redis=localhost:6379");

        Assert.Contains("written without Redis", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Package_Installed_WritesWhatTheFolderWrites()
    {
        var packages = Directory.CreateTempSubdirectory("packages-");
        try
        {
            await DotnetCommand.RunAsync(Repository.Folder("pack"), "pack", "--output", packages.FullName);
            var package = Assert.Single(packages.EnumerateFiles("*.nupkg")).FullName;

            await hive.InstallPackageAsync(package);

            foreach (var aspire in new[] { "true", "false" })
            {
                using var fromFolder = await hive.CreateAsync("My.App", "--aspire", aspire, "--port", "5123");
                using var fromPackage = await hive.CreateFromPackageAsync("My.App", "--aspire", aspire, "--port", "5123");

                Assert.Equal(fromFolder.Files, fromPackage.Files);
                Assert.All(fromFolder.Files, file => Assert.Equal(WithoutRandom(fromFolder.Read(file)), WithoutRandom(fromPackage.Read(file))));
            }
        }
        finally
        {
            packages.Delete(recursive: true);
        }
    }

    /// <summary>Identifiers, passwords and ports are new in each solution; only a package has a version.</summary>
    private static string WithoutRandom(string text) => Random().Replace(text, "random");

    [GeneratedRegex(@"\b[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b|(?<=[:""])(5[5-7]|15[1-4]|19[1-4]|20[1-4])\d\d\b|(?<=<TemplateVersion>)[^<]+")]
    private static partial Regex Random();
}

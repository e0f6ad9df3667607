using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Buffkit.Tests;

/// <summary>Generated solutions build without a warning and pass their own tests; pairs of options are covered, not each combination.</summary>
[Collection(TemplateBuilds.Name)]
public sealed partial class TemplateBuildTests(TemplateHive hive)
{
    [Theory(Skip = TemplateBuilds.Unasked, SkipUnless = nameof(TemplateBuilds.AreAskedFor), SkipType = typeof(TemplateBuilds))]
    [InlineData("My-App", "mysql", true, true, "package", true)]
    [InlineData("1st.App-x", "sqlite", false, false, "source", true)]
    [InlineData("My Shop", "postgres", false, false, "package", false)]
    public async Task Solution_WithoutAspire_BuildsAndPassesItsTests(string name, string database, bool redis, bool sample, string engine, bool test)
    {
        using var solution = await CreateAsync(
            engine, name, "--database", database, "--redis", $"{redis}", "--aspire", "false", "--sample", $"{sample}");

        if (test)
        {
            if (engine == "source")
                await AssertRestoresFromTwoSourcesAsync(solution);
            await AddFeatureAsync(solution, "Companies");
        }

        await DotnetCommand.RunAsync(solution.Root, "build", "-warnaserror", "-maxcpucount:2");
        if (test)
            await DotnetCommand.RunAsync(solution.Root, "test", "--no-build");
        if (engine == "source")
            await AssertEngineIsWholeAsync(solution);
        if (!redis)
            await AssertRefusesRedisAsync(solution);
    }

    /// <summary>
    /// With Aspire, as far as any feed goes: without deployment and without Aspire's client of MySQL, each of which is one property.
    /// The AppHost then runs, on SQLite, as it does for whoever has no containers.
    /// </summary>
    [Theory(Skip = TemplateBuilds.Unasked, SkipUnless = nameof(TemplateBuilds.AreAskedFor), SkipType = typeof(TemplateBuilds))]
    [InlineData("Order", "postgres", true, "package")]
    [InlineData("My-App", "mysql", true, "source")]
    [InlineData("Größe", "sqlite", false, "package")]
    public async Task Solution_WithAspire_BuildsAndItsAppHostTakesAnOrder(string name, string database, bool redis, string engine)
    {
        var port = $"{FreePort()}";
        using var solution = await CreateAsync(engine, name, "--database", database, "--redis", $"{redis}", "--port", port);
        await DotnetCommand.RunAsync(
            solution.Root, "build", $"{name}.AppHost", "-warnaserror", "-maxcpucount:2", "-p:UseDeployment=false", "-p:UseAspireMySql=false");

        using var api = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}") };
        await DotnetCommand.WhileRunningAsync(
            solution.Root,
            () => Eventually.TrueAsync(() => TakesAnOrderAsync(api), "the AppHost's API to take an order", TimeSpan.FromMinutes(3)),
            "run", "--no-build", "--project", $"{name}.AppHost", "--", "--Embedded=true");
    }

    /// <summary>The engine's own tests come with its source, and build with all of it, also with what the solution left out.</summary>
    private static async Task AssertEngineIsWholeAsync(GeneratedSolution solution)
    {
        const string Tests = "engine/tests/Buffkit.Engine.Tests";
        await DotnetCommand.RunAsync(solution.Root, "build", Tests, "-warnaserror", "-maxcpucount:2");
        await DotnetCommand.RunAsync(solution.Root, "test", "--project", Tests, "--no-build", "--filter-class", "*.LintTests");
    }

    /// <summary>A second source, as companies have one, is worth a warning (NU1507) and no failed first restore.</summary>
    private static async Task AssertRestoresFromTwoSourcesAsync(GeneratedSolution solution)
    {
        var project = Path.Combine(solution.Root, $"{solution.Name}.Api");
        var sources = await DotnetCommand.RunAsync(project, "nuget", "list", "source", "--format", "short");
        var first = Regex.Match(sources, @"^E (\S+)", RegexOptions.Multiline).Groups[1].Value;
        // The same feed again; a fragment, which is never sent, makes it another source.
        var configuration = Path.Combine(solution.Root, "nuget.config");
        await File.WriteAllTextAsync(
            configuration,
            $"""<configuration><packageSources><add key="mirror" value="{first}#mirror" protocolVersion="3" /></packageSources></configuration>""",
            TestContext.Current.CancellationToken);

        var output = await DotnetCommand.RunAsync(project, "restore");

        Assert.Contains("warning NU1507", output, StringComparison.Ordinal);
        File.Delete(configuration);
    }

    private static async Task<bool> TakesAnOrderAsync(HttpClient api)
    {
        try
        {
            using var response = await api.PostAsJsonAsync("orders", new { customer = "Ada", item = "Espresso" }, TestContext.Current.CancellationToken);
            return response.StatusCode == HttpStatusCode.Created;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            // Not listening yet.
            return false;
        }
    }

    /// <summary>Packages come with the package of the template, and are its default; source is the default of an install from the folder.</summary>
    private Task<GeneratedSolution> CreateAsync(string engine, string name, params string[] options) =>
        engine == "package" ? hive.CreateFromPackageAsync(name, options) : hive.CreateAsync(name, options);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A feature of the user's own, connected as its page says; its tests then run with the solution's.</summary>
    private async Task AddFeatureAsync(GeneratedSolution solution, string name)
    {
        var api = Path.Combine(solution.Root, $"{solution.Name}.Api");
        // The template of a feature asks the project for its database, which it knows once it is restored.
        await DotnetCommand.RunAsync(api, "restore");
        await hive.AddAsync(api, "buffkit-feature", name);

        Assert.Contains($"docs/{name.ToLowerInvariant()}.md", solution.Files);
        Assert.Contains($"{solution.Name}.Tests/CompanyTests.cs", solution.Files);
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

    [Fact(Skip = TemplateBuilds.Unasked, SkipUnless = nameof(TemplateBuilds.AreAskedFor), SkipType = typeof(TemplateBuilds))]
    public async Task Package_Installed_WritesWhatTheFolderWrites()
    {
        AssertComplete(await hive.PackAsync());

        foreach (var aspire in new[] { "true", "false" })
        {
            using var fromFolder = await hive.CreateAsync("My.App", "--aspire", aspire, "--port", "5123");
            using var fromPackage = await hive.CreateFromPackageAsync("My.App", "--aspire", aspire, "--port", "5123", "--engine", "source");

            Assert.Equal(fromFolder.Files, fromPackage.Files);
            Assert.All(fromFolder.Files, file => Assert.Equal(WithoutRandom(fromFolder.Read(file)), WithoutRandom(fromPackage.Read(file))));
        }
    }

    /// <summary>What a gallery shows of the package, and that no file lies in it that a solution does not get.</summary>
    private static void AssertComplete(string package)
    {
        using var archive = ZipFile.OpenRead(package);
        var files = archive.Entries.Select(entry => entry.FullName).ToArray();
        using var reader = new StreamReader(archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open());
        var metadata = XDocument.Parse(reader.ReadToEnd()).Root!.Elements().Single();
        string? Value(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;

        Assert.Contains(Value("icon"), files);
        Assert.Contains(Value("readme"), files);
        Assert.Equal("MIT", Value("license"));
        Assert.NotEmpty(Value("description")!);
        using var readme = new StreamReader(archive.GetEntry(Value("readme")!)!.Open());
        Assert.DoesNotMatch(@"\]\((?!https?:)", readme.ReadToEnd());
    }

    /// <summary>Identifiers, passwords and ports are new in each solution; only a package has a version.</summary>
    private static string WithoutRandom(string text) => Random().Replace(text, "random");

    [GeneratedRegex(@"\b[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b|(?<=[:""])(5[5-7]|15[1-4]|19[1-4]|20[1-4])\d\d\b|(?<=<TemplateVersion>)[^<]+")]
    private static partial Regex Random();
}

using System.Text.Json;
using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>What can be said of a generated solution without building it, for every database, with and without Redis, for any name.</summary>
[Collection(TemplateTests.Name)]
public sealed partial class TemplateTextTests(TemplateHive hive)
{
    private static readonly string[] Names = ["Shop", "My.App", "My-App", "1st.App-x", "My Shop", "Größe"];
    private static readonly string[] Databases = ["postgres", "mysql", "sqlite"];

    private const int MaxFiles = 90;
    private const int MaxLines = 3_500;

    // A part that has each name, and each option with each other, where a whole run is not asked for: it takes minutes.
    private const int Part = 7;

    /// <summary>All of it where the builds are asked for, otherwise a part.</summary>
    public static TheoryData<string, string, bool, bool, bool, string> Matrix() =>
        TemplateBuilds.AreAskedFor ? new(Whole()) : new(Whole().Where((_, place) => place % Part == 0));

    /// <summary>Databases × Redis × engine × names; Aspire and the sample go through their four combinations on the way.</summary>
    private static IEnumerable<(string Name, string Database, bool Redis, bool Aspire, bool Sample, string Engine)> Whole()
    {
        var row = 0;
        foreach (var name in Names)
        {
            foreach (var database in Databases)
            {
                foreach (var engine in (string[])["package", "source"])
                {
                    yield return (name, database, true, row % 2 == 0, row % 3 != 0, engine);
                    yield return (name, database, false, row % 2 != 0, row % 4 < 2, engine);
                    row++;
                }
            }
        }
    }

    [Fact]
    public void Part_OfTheMatrix_HasEachValueBesideEachOther()
    {
        Assert.Equal([], Pairs(Whole()).Except(Pairs(Whole().Where((_, place) => place % Part == 0))));

        // Names stand for themselves; the five options are looked at two by two.
        static HashSet<string> Pairs(IEnumerable<(string Name, string Database, bool Redis, bool Aspire, bool Sample, string Engine)> rows) =>
            [.. rows.SelectMany(row =>
            {
                object[] options = [row.Database, row.Redis, row.Aspire, row.Sample, row.Engine];
                return options.SelectMany((one, place) => options.Skip(place + 1).Select((other, next) => $"{place} {one}, {place + 1 + next} {other}")).Append(row.Name);
            })];
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Solution_OfAnyOptions_HoldsTogetherUnderItsName(string name, string database, bool redis, bool aspire, bool sample, string engine)
    {
        using var solution = await hive.CreateAsync(
            name, "--database", database, "--redis", $"{redis}", "--aspire", $"{aspire}", "--sample", $"{sample}", "--engine", engine);

        AssertNoTraceOfTheTemplate(solution);
        AssertProjectsFitTogether(solution);
        AssertNamespacesAreIdentifiers(solution);
        AssertLinksLeadSomewhere(solution);
        AssertReadsAsIfWrittenByHand(solution);
        TemplatePages.AssertTrue(solution, database, redis);
        AssertReferencesOnlyWhatWasChosen(solution, database, redis);
        AssertSaysWhatWroteIt(solution, database, redis, aspire, sample, engine);
        AssertHasTheEngineAsChosen(solution, engine);
        AssertIsSmall(solution, engine);
        Assert.Equal(aspire, solution.Files.Contains($"{name}.AppHost/AppHost.cs"));
        Assert.Equal(!aspire, solution.Files.Contains("compose.yaml"));
        Assert.Equal(sample, solution.Files.Contains($"{name}.Api/wwwroot/index.html"));
        // Without a server of its own there is nothing in containers.
        if (aspire && database == "sqlite" && !redis)
            Assert.DoesNotContain("in containers", solution.Read("README.md"), StringComparison.Ordinal);
        if (!aspire)
            Assert.Matches("^[a-z][a-z0-9-]*[a-z0-9]$", ComposeName().Match(solution.Read("compose.yaml")).Groups[1].Value);
    }

    [Theory]
    [InlineData("postgres", "mysql")]
    [InlineData("mysql", "postgres")]
    public async Task Solution_OfOneDatabase_DoesNotRegisterTheOther(string database, string other)
    {
        using var solution = await hive.CreateAsync("Shop", "--database", database, "--aspire", "false", "--redis", "false");

        Assert.DoesNotContain(solution.OwnFiles, file => file.Contains($".{other}.", StringComparison.Ordinal));
        Assert.DoesNotContain(
            solution.Files.Where(file => (file.StartsWith("Shop.ServiceDefaults/", StringComparison.Ordinal) || file == "compose.yaml")
                && Path.GetFileName(file) != "WithoutRedis.cs"),
            file => Regex.IsMatch(solution.Read(file), $"{other}|redis", RegexOptions.IgnoreCase));
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("shop.example;*.shop.example", "shop.example;*.shop.example")]
    public async Task AllowedHosts_OfTheOption_AreInTheApisSettings(string? option, string setting)
    {
        using var solution = await hive.CreateAsync("Shop", [.. option is null ? Array.Empty<string>() : ["--allowed-hosts", option]]);

        var settings = JsonSerializer.Deserialize<JsonElement>(solution.Read("Shop.Api/appsettings.json"));
        Assert.Equal(setting, settings.GetProperty("AllowedHosts").GetString());
    }

    [Fact]
    public async Task Solutions_SideBySide_ListenOnPortsOfTheirOwn()
    {
        using var one = await hive.CreateAsync("One");
        using var two = await hive.CreateAsync("Two", "--port", "5999");

        var (first, second) = (PortsOf(one), PortsOf(two));

        Assert.NotEmpty(first);
        Assert.Contains("5999", second);
        // What stands in the repository is what everybody would have.
        Assert.DoesNotContain(first.Concat(second), port => port is "5080" or "15080" or "19080" or "20080");

        static string[] PortsOf(GeneratedSolution solution) =>
            [.. solution.Files.Where(file => file.EndsWith("launchSettings.json", StringComparison.Ordinal))
                .SelectMany(file => Port().Matches(solution.Read(file))).Select(match => match.Groups[1].Value)];
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public async Task Compose_OfASolution_IsForThisMachineAndForAClone(string database)
    {
        using var solution = await hive.CreateAsync("My Shop", "--database", database, "--aspire", "false");
        var compose = solution.Read("compose.yaml");

        Assert.All(PublishedPort().Matches(compose), port => Assert.StartsWith("127.0.0.1:", port.Groups[1].Value, StringComparison.Ordinal));
        Assert.Equal(2, PublishedPort().Count(compose));
        Assert.Equal(2, Regex.Count(compose, "\"--probe\""));
        Assert.Contains(".env.example", compose, StringComparison.Ordinal);
        Assert.Contains("DATABASE_PASSWORD=", solution.Read(".env.example"), StringComparison.Ordinal);
        Assert.Contains(".env", solution.Read(".gitignore").Split('\n'));
        Assert.DoesNotContain(".env.example", solution.Read(".gitignore").Split('\n'));
        Assert.Contains("**/data", solution.Read(".dockerignore").Split('\n'));
        var dockerfile = solution.Read("Dockerfile");
        Assert.Contains("chiseled", dockerfile, StringComparison.Ordinal);
        Assert.True(dockerfile.IndexOf("dotnet restore", StringComparison.Ordinal) < dockerfile.IndexOf("COPY . .", StringComparison.Ordinal));
        // Each project that the programs are made of is there before the restore.
        Assert.All(
            solution.OwnFilesOf(".csproj").Where(file => !file.Contains(".Tests", StringComparison.Ordinal)),
            file => Assert.Contains($"COPY [\"{Path.GetDirectoryName(file)}/*.csproj\", \"{Path.GetDirectoryName(file)}/\"]", dockerfile, StringComparison.Ordinal));
        Assert.DoesNotMatch("dotnet (restore|publish) [^\"]", dockerfile);
    }

    [Theory]
    [InlineData("github", true)]
    [InlineData("none", false)]
    public async Task Workflow_IsThereWhereItWasChosen(string ci, bool there)
    {
        using var solution = await hive.CreateAsync("Shop", "--ci", ci);

        Assert.Equal(there, solution.Files.Contains(".github/workflows/ci.yml"));
        if (there)
            Assert.All(Regex.Matches(solution.Read(".github/workflows/ci.yml"), "uses: (.*)"), use => Assert.Matches("^[a-z/-]+@[0-9a-f]{40} # v", use.Groups[1].Value));
    }

    private static void AssertReferencesOnlyWhatWasChosen(GeneratedSolution solution, string database, bool redis)
    {
        var packages = solution.OwnFilesOf(".csproj", ".props")
            .SelectMany(file => solution.ReadXml(file).Descendants().Where(element => element.Name.LocalName is "PackageReference" or "PackageVersion"))
            .Select(element => element.Attribute("Include")!.Value)
            .ToArray();
        foreach (var (word, chosen) in new[]
            {
                ("Npgsql", database == "postgres"), ("Postgre", database == "postgres"), ("MySql", database == "mysql"), ("Redis", redis),
            })
        {
            Assert.DoesNotContain(packages, package => !chosen && package.Contains(word, StringComparison.Ordinal));
        }
    }

    private static void AssertReadsAsIfWrittenByHand(GeneratedSolution solution)
    {
        foreach (var file in solution.OwnFilesOf(".cs", ".csproj", ".props", ".slnx", ".yaml", ".yml", ".json", ".md", ".http"))
        {
            var text = solution.Read(file);
            Assert.False(text.Contains("\n\n\n", StringComparison.Ordinal), $"{file} has two blank lines in a row.");
            Assert.False(Regex.IsMatch(text, @"\{\n\n"), $"{file} has a blank line after a brace.");
            Assert.False(Regex.IsMatch(text, @"\n\n\s*\}"), $"{file} has a blank line before a brace.");
            Assert.False(Regex.IsMatch(text, @"<(\w+Group)[^>]*>\s*</\1>"), $"{file} has an empty group.");
        }

        Assert.DoesNotContain("Benchmark", solution.Read(".gitignore"), StringComparison.Ordinal);
    }

    private static void AssertSaysWhatWroteIt(GeneratedSolution solution, string database, bool redis, bool aspire, bool sample, string engine)
    {
        var properties = solution.ReadXml("Directory.Build.props").Descendants("TemplateOptions").Single().Value;
        Assert.StartsWith(
            $"--database {database} --redis {redis} --aspire {aspire} --sample {sample} --engine {engine} --ci github --port ".ToLowerInvariant(), properties, StringComparison.Ordinal);
        Assert.NotEmpty(solution.ReadXml("Directory.Build.props").Descendants("TemplateVersion").Single().Value);
        Assert.Contains("docs/upgrading.md", solution.Read("README.md"), StringComparison.Ordinal);
        Assert.Contains("dotnet new buffkit", solution.Read("docs/upgrading.md"), StringComparison.Ordinal);
    }

    private static void AssertNoTraceOfTheTemplate(GeneratedSolution solution)
    {
        Assert.DoesNotContain(solution.OwnFiles, file => file.Contains("buffkit", StringComparison.OrdinalIgnoreCase));
        // The engine keeps its name, and how to write the solution anew names the template.
        Assert.DoesNotContain(
            solution.OwnFiles,
            file => Allowed().Replace(solution.Read(file), "").Contains("buffkit", StringComparison.OrdinalIgnoreCase));
        // What stands for something in the template, and was not replaced.
        Assert.DoesNotContain(solution.OwnFiles, file => Placeholder().IsMatch(solution.Read(file)));
        // In C# a bare #if is the compiler's own.
        Assert.DoesNotContain(
            solution.OwnFiles,
            file => Directive().Matches(solution.Read(file)).Any(directive => directive.Groups[1].Success || Path.GetExtension(file) != ".cs"));
        // Its packages are others than the repository's, by its options.
        Assert.DoesNotContain(solution.OwnFiles, file => file.EndsWith("packages.lock.json", StringComparison.Ordinal));
        Assert.DoesNotContain(
            solution.Files,
            file => file.Contains("template.config", StringComparison.Ordinal) || Path.GetFileName(file) is "LICENSE" or "CHANGELOG.md");
    }

    /// <summary>What somebody owns who has the engine as packages can be read in an hour.</summary>
    private static void AssertIsSmall(GeneratedSolution solution, string engine)
    {
        if (engine == "source")
            return;

        // The packages themselves come with the packed template: at most one for each project of the engine.
        Assert.InRange(solution.Files.Length, 1, MaxFiles - Directory.GetDirectories(Repository.Folder("engine"), "Buffkit.*").Length + 1);
        Assert.InRange(solution.FilesOf(".cs").Sum(file => solution.Read(file).Count(character => character == '\n')), 1, MaxLines);
    }

    private static void AssertHasTheEngineAsChosen(GeneratedSolution solution, string engine)
    {
        Assert.Equal(engine == "source", solution.Files.Any(file => file.StartsWith("engine/", StringComparison.Ordinal)));
    }

    private static void AssertProjectsFitTogether(GeneratedSolution solution)
    {
        var projects = solution.FilesOf(".csproj").ToArray();
        var listed = solution.ReadXml($"{solution.Name}.slnx").Descendants("Project").Select(project => project.Attribute("Path")!.Value).ToArray();
        // The engine's folder is whole, so that its tests can be built; of it the solution has what was chosen.
        Assert.Equal(projects.Where(file => !file.StartsWith("engine/", StringComparison.Ordinal)), listed.Where(file => !file.StartsWith("engine/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Superset(listed.ToHashSet(), projects.ToHashSet());

        foreach (var file in projects)
        {
            var project = solution.ReadXml(file);
            var house = file.StartsWith("engine/", StringComparison.Ordinal) ? "engine/" : "";
            var versions = solution.ReadXml($"{house}Directory.Packages.props").Descendants("PackageVersion").Select(package => package.Attribute("Include")!.Value).ToHashSet();
            Assert.All(project.Descendants("ProjectReference"), reference =>
                Assert.Contains(solution.Resolve(file, reference.Attribute("Include")!.Value), listed.Contains(file) ? listed : projects));
            Assert.All(project.Descendants("PackageReference"), package =>
                Assert.True(package.Attribute("Version") is not null || versions.Contains(package.Attribute("Include")!.Value), $"{file}: {package} has no version."));
        }

        // The names that the AppHost's SDK makes of the projects it refers to.
        var classes = projects.Select(file => NotIdentifier().Replace(Path.GetFileNameWithoutExtension(file), "_")).ToArray();
        foreach (var file in solution.FilesOf(".cs").Where(file => file.Contains(".AppHost/", StringComparison.Ordinal)))
            Assert.All(ProjectClass().Matches(solution.Read(file)), match => Assert.Contains(match.Groups[1].Value, classes));
    }

    private static void AssertNamespacesAreIdentifiers(GeneratedSolution solution)
    {
        var namespaces = solution.OwnFilesOf(".cs").SelectMany(file => Namespace().Matches(solution.Read(file))).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.NotEmpty(namespaces);
        Assert.All(namespaces, name => Assert.All(name.Split('.'), part => Assert.Matches(@"^[\p{L}_][\p{L}\p{Nd}_]*$", part)));
    }

    private static void AssertLinksLeadSomewhere(GeneratedSolution solution) =>
        Assert.All(solution.FilesOf(".md"), file =>
            Assert.All(Link().Matches(solution.Read(file)), match =>
                Assert.True(
                    Path.Exists(Path.Combine(solution.Root, solution.Resolve(file, match.Groups[1].Value))),
                    $"{file} links to {match.Groups[1].Value}, which is not there.")));

    [GeneratedRegex(@"dotnet new buffkit(-feature)? |\bBuffkit\.(Streams|Migrations|Hosting|Engine|Client)\b")]
    private static partial Regex Allowed();

    [GeneratedRegex(@"\btemplate-(short-name|version)|\bengine-version\b|\boption-(database|redis|aspire|sample|engine|ci|allowed-hosts)\b|solution-root-namespace|database-password")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^\s*(//|<!--)?#(if|elseif|else|endif)\b", RegexOptions.Multiline)]
    private static partial Regex Directive();

    [GeneratedRegex(@"http://localhost:(\d+)")]
    private static partial Regex Port();

    [GeneratedRegex(@"^ +- ""([0-9.:]*):8080""$", RegexOptions.Multiline)]
    private static partial Regex PublishedPort();

    [GeneratedRegex(@"^name: (.*)$", RegexOptions.Multiline)]
    private static partial Regex ComposeName();

    // Aspire.Hosting.AppHost.targets makes the class names with this expression.
    [GeneratedRegex(@"(((?<=\.)|^)(?=\d)|\W)")]
    private static partial Regex NotIdentifier();

    [GeneratedRegex(@"\bProjects\.(\w+)")]
    private static partial Regex ProjectClass();

    [GeneratedRegex(@"^namespace (.+?);$", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\]\((?!https?:|#)([^)#\s]+)")]
    private static partial Regex Link();
}

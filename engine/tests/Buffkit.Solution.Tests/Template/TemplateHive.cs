namespace Buffkit.Tests;

/// <summary>Tests that write solutions, one by one, beside all other tests: most of their time is other processes'.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateTests : ICollectionFixture<TemplateHive>
{
    public const string Name = "Template";
}

/// <summary>Tests that build solutions: one build at a time, beside all other tests.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateBuilds : ICollectionFixture<TemplateHive>
{
    public const string Name = "Template builds";
}

/// <summary>The template as it is installed from this repository, apart from the templates of whoever runs the tests.</summary>
public sealed class TemplateHive : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hive-");
    private readonly string _version = $"0.0.0-test.{DateTime.UtcNow.Ticks}";
    private Task<string>? _packed;

    public async ValueTask InitializeAsync() => await InstallAsync(Repository.Folder("."), Hive("folder"));

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        if (_packed is not null)
            await ForgetPackagesAsync();
    }

    /// <summary>Instantiates the template in an empty folder.</summary>
    internal Task<GeneratedSolution> CreateAsync(string name, params string[] options) => CreateAsync("folder", name, options);

    /// <summary>Adds an item of the named template to a folder.</summary>
    internal Task AddAsync(string folder, string template, string name) =>
        DotnetCommand.RunAsync(folder, "new", template, "--name", name, "--debug:custom-hive", Hive("folder"));

    /// <summary>Packs the template once, with the engine's packages in it.</summary>
    /// <returns>The package.</returns>
    internal Task<string> PackAsync() => _packed ??= PackOnceAsync();

    /// <summary>As <see cref="CreateAsync(string, string[])"/>, from the package.</summary>
    internal async Task<GeneratedSolution> CreateFromPackageAsync(string name, params string[] options)
    {
        await PackAsync();
        return await CreateAsync("package", name, options);
    }

    private async Task<string> PackOnceAsync()
    {
        var output = Path.Combine(_folder.FullName, "packed");
        await DotnetCommand.RunAsync(Repository.Folder("pack"), "pack", "--output", output, $"-p:MinVerVersionOverride={_version}");
        var package = Assert.Single(Directory.GetFiles(output, "*.nupkg"));
        await InstallAsync(package, Hive("package"));
        return package;
    }

    // NuGet keeps each version that it has seen, whatever is in a package of the same version later.
    private async Task ForgetPackagesAsync()
    {
        var line = await DotnetCommand.RunAsync(Path.GetTempPath(), "nuget", "locals", "global-packages", "--list", "--force-english-output");
        var folder = line[(line.IndexOf("global-packages: ", StringComparison.Ordinal) + "global-packages: ".Length)..].Trim();
        foreach (var package in Directory.EnumerateDirectories(folder, "buffkit.*").Select(package => Path.Combine(package, _version)).Where(Directory.Exists))
            Directory.Delete(package, recursive: true);
    }

    private async Task<GeneratedSolution> CreateAsync(string hive, string name, string[] options)
    {
        var solution = new GeneratedSolution(name);
        await DotnetCommand.RunAsync(
            solution.Root,
            ["new", "buffkit", "--name", name, "--output", solution.Root, "--skip-restore", "--debug:custom-hive", Hive(hive), .. options]);
        return solution;
    }

    private async Task InstallAsync(string source, string hive) =>
        await DotnetCommand.RunAsync(_folder.FullName, "new", "install", source, "--debug:custom-hive", hive);

    private string Hive(string name) => Path.Combine(_folder.FullName, name);
}

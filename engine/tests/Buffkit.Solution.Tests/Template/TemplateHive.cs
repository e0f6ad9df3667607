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

    public async ValueTask InitializeAsync() => await InstallAsync(Repository.Folder("."), Hive("folder"));

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Instantiates the template in an empty folder.</summary>
    internal Task<GeneratedSolution> CreateAsync(string name, params string[] options) => CreateAsync("folder", name, options);

    /// <summary>Adds an item of the named template to a folder.</summary>
    internal Task AddAsync(string folder, string template, string name) =>
        DotnetCommand.RunAsync(folder, "new", template, "--name", name, "--debug:custom-hive", Hive("folder"));

    /// <summary>Installs a package of the template beside the folder, for <see cref="CreateFromPackageAsync"/>.</summary>
    internal Task InstallPackageAsync(string package) => InstallAsync(package, Hive("package"));

    internal Task<GeneratedSolution> CreateFromPackageAsync(string name, params string[] options) => CreateAsync("package", name, options);

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

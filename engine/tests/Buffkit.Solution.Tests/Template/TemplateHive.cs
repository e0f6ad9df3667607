[assembly: AssemblyFixture(typeof(Buffkit.Tests.TemplateHive))]

namespace Buffkit.Tests;

/// <summary>Tests that write solutions, one by one, beside all other tests: most of their time is other processes'.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateTests
{
    public const string Name = "Template";
}

/// <summary>Tests that build solutions: one build at a time, beside all other tests. They take minutes, so they are asked for.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateBuilds
{
    public const string Name = "Template builds";

    /// <summary>Why the tests were left out.</summary>
    public const string Unasked = "Builds whole solutions, which takes minutes, and reads packages from the feed. Set REQUIRE_BUILDS=true.";

    /// <summary>Gets a value indicating whether they run.</summary>
    public static bool AreAskedFor { get; } =
        string.Equals(Environment.GetEnvironmentVariable("REQUIRE_BUILDS"), "true", StringComparison.OrdinalIgnoreCase);
}

/// <summary>The template as it is installed from this repository, apart from the templates of whoever runs the tests.</summary>
public sealed class TemplateHive : IAsyncLifetime
{
    // What builds leave behind. The template takes nothing of it, but `dotnet new` looks at each file of the folder before it leaves it out.
    private static readonly string[] BuildFolders = [".git", ".vs", "artifacts", "bin", "obj", "node_modules"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hive-");
    private readonly string _version = $"0.0.0-test.{DateTime.UtcNow.Ticks}";
    private readonly Lazy<Task> _installed;
    private readonly Lazy<Task<string>> _packed;

    // The check for newer packages looks at the list of packages while the template is written, and the command finds its own list in use.
    private const string NoUpdateCheck = "--no-update-check";

    // That it opens the list twice at once happens otherwise too, on a busy machine.
    private const int Tries = 3;

    // Two of them on one hive get into each other's way at that list as well.
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Begins nothing: most tests of the assembly need no template.</summary>
    public TemplateHive()
    {
        _installed = new(InstallFolderAsync);
        _packed = new(PackOnceAsync);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        if (_packed.IsValueCreated)
            await ForgetPackagesAsync();
        _one.Dispose();
    }

    /// <summary>Instantiates the template in an empty folder.</summary>
    internal async Task<GeneratedSolution> CreateAsync(string name, params string[] options)
    {
        await _installed.Value;
        return await CreateAsync("folder", name, options);
    }

    /// <summary>Adds an item of the named template to a folder.</summary>
    internal async Task AddAsync(string folder, string template, string name)
    {
        await _installed.Value;
        await NewAsync(folder, "folder", template, "--name", name, NoUpdateCheck);
    }

    /// <summary>Packs the template once, with the engine's packages in it.</summary>
    /// <returns>The package.</returns>
    internal Task<string> PackAsync() => _packed.Value;

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
        await NewAsync(_folder.FullName, "package", "install", package);
        return package;
    }

    private async Task InstallFolderAsync()
    {
        var copy = _folder.CreateSubdirectory("source");
        Copy(new DirectoryInfo(Repository.Folder(".")), copy);
        await NewAsync(_folder.FullName, "folder", "install", copy.FullName);
    }

    private static void Copy(DirectoryInfo source, DirectoryInfo target)
    {
        foreach (var file in source.EnumerateFiles())
            file.CopyTo(Path.Combine(target.FullName, file.Name));
        foreach (var folder in source.EnumerateDirectories().Where(folder => !BuildFolders.Contains(folder.Name)))
            Copy(folder, target.CreateSubdirectory(folder.Name));
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
        await NewAsync(solution.Root, hive, ["buffkit", "--name", name, "--output", solution.Root, "--skip-restore", NoUpdateCheck, .. options]);
        return solution;
    }

    private async Task NewAsync(string folder, string hive, params string[] arguments)
    {
        await _one.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            for (var left = Tries; ; left--)
            {
                try
                {
                    await DotnetCommand.RunAsync(folder, ["new", .. arguments, "--debug:custom-hive", Path.Combine(_folder.FullName, hive)]);
                    return;
                }
                catch (Xunit.Sdk.XunitException e) when (left > 1 && e.Message.Contains("packages.json", StringComparison.Ordinal))
                {
                    // It wrote nothing.
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }
}

namespace Buffkit.Tests;

/// <summary>Files beside the source that the tests were built from: of the repository, or of a solution that has the engine as source.</summary>
internal static class Repository
{
    private static readonly string? Root = FindRoot();

    /// <summary>Finds a folder by its path from the root, or skips the test where it runs elsewhere.</summary>
    public static string Folder(string path)
    {
        Assert.SkipWhen(Root is null, "The tests do not run from inside the repository.");
        return Path.GetFullPath(Path.Combine(Root!, path));
    }

    private static string? FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "engine", "Directory.Build.props")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName;
    }
}

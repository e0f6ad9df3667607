namespace Buffkit.Tests;

/// <summary>SQL that others wrote, kept beside the repository: <c>../shared/sql-cases</c>.</summary>
internal static class SharedCases
{
    public static string Folder(string name)
    {
        var folder = Repository.Folder($"../shared/sql-cases/{name}");
        Assert.SkipUnless(Directory.Exists(folder), $"../shared/sql-cases/{name} is not there.");
        return folder;
    }
}

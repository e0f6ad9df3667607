namespace Buffkit.Tests;

/// <summary>SQL that others wrote, kept beside the repository: <c>../shared/sql-cases</c>.</summary>
internal static class SharedCases
{
    public static string Folder(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Buffkit.sln")))
            {
                continue;
            }

            var cases = Path.Combine(folder.FullName, "..", "shared", "sql-cases", name);
            Assert.SkipUnless(Directory.Exists(cases), $"../shared/sql-cases/{name} is not there.");
            return Path.GetFullPath(cases);
        }

        Assert.Skip("The tests do not run from inside the repository.");
        return "";
    }
}

namespace Buffkit.Benchmarks;

/// <summary>A temporary folder of small migrations.</summary>
internal sealed class MigrationFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("benchmark-migrations-");

    public MigrationFolder(int count)
    {
        Count = count;
        for (var n = 1; n <= count; n++)
        {
            File.WriteAllText(System.IO.Path.Combine(Path, $"{n}_t.up.sql"), $"CREATE TABLE t{n} (id int NOT NULL PRIMARY KEY, name text);");
        }
    }

    public string Path => _folder.FullName;

    public int Count { get; }

    public void Dispose() => _folder.Delete(recursive: true);
}

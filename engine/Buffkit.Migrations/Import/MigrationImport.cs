using System.Text;

namespace Buffkit.Migrations;

/// <summary>Writes the migrations of another tool as files of ours: all of them, or none.</summary>
public static class MigrationImport
{
    /// <summary>Gets the tools whose files can be converted.</summary>
    public static IReadOnlyList<string> Tools { get; } = ["goose", "dbmate", "sql-migrate", "flyway", "evolve", "golang-migrate", "dbup"];

    /// <summary>Converts <paramref name="source"/>, which stays as it is.</summary>
    /// <param name="tool">One of <see cref="Tools"/>.</param>
    /// <param name="source">The tool's folder.</param>
    /// <param name="scripts">The folder of ours to write to. It is made where there is none.</param>
    /// <param name="engine">The engine whose rules say where a statement ends.</param>
    /// <param name="dryRun">Only say what would be written.</param>
    /// <returns>The paths of the files, in the order in which they run.</returns>
    /// <exception cref="MigrationValidationException">Something cannot be converted; nothing was written.</exception>
    /// <exception cref="MigrationConfigurationException">There is no such folder or tool, or a file exists already.</exception>
    public static IReadOnlyList<string> Run(string tool, string source, string scripts, MigrationEngine engine, bool dryRun)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (!Tools.Contains(tool, StringComparer.Ordinal))
        {
            throw new MigrationConfigurationException($"'{tool}' is no tool that can be imported from. There are: {string.Join(", ", Tools)}.");
        }

        if (!Directory.Exists(source))
        {
            throw new MigrationConfigurationException($"There is no folder '{source}'.");
        }

        var problems = new List<ScriptProblem>();
        var converted = new ForeignFolder(tool, engine, problems).Convert(source);
        RefuseIf(problems);
        if (converted.Count == 0)
        {
            throw new MigrationConfigurationException($"There are no files of {tool} in '{source}'.");
        }

        foreach (var taken in converted.Where(file => File.Exists(Path.Combine(scripts, file.Path))))
        {
            throw new MigrationConfigurationException($"{Path.Combine(scripts, taken.Path)} exists already. Nothing was written: import into an empty folder, or move the file away.");
        }

        // Beside the target, so that a move stays on one disk.
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(scripts)))!;
        var draft = dryRun ? Directory.CreateTempSubdirectory("import-").FullName : Path.Combine(parent, $".import-{Guid.NewGuid():N}");
        try
        {
            Write(converted, draft);
            Check(converted, draft, engine);
            if (!dryRun)
            {
                Move(converted, draft, scripts);
            }
        }
        finally
        {
            if (Directory.Exists(draft))
            {
                Directory.Delete(draft, recursive: true);
            }
        }

        return [.. converted.Select(file => Path.Combine(scripts, file.Path))];
    }

    private static void Write(IReadOnlyList<ImportedScript> converted, string draft)
    {
        Directory.CreateDirectory(draft);
        foreach (var file in converted)
        {
            var path = Path.Combine(draft, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file.Text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
    }

    /// <summary>What <c>validate --offline</c> would find is found before there is anything to find it in.</summary>
    private static void Check(IReadOnlyList<ImportedScript> converted, string draft, MigrationEngine engine) => RefuseIf(
        ScriptFolder.Read(draft, engine).Problems.Where(problem => problem.IsError).Select(problem =>
            converted.FirstOrDefault(file => file.Path == problem.Script) is { } file
                ? problem with { Script = $"{file.Source} (as {file.Path})" }
                : problem).ToList());

    /// <summary>Moves the files one by one; what has been moved is taken back when one cannot be.</summary>
    private static void Move(IReadOnlyList<ImportedScript> converted, string draft, string scripts)
    {
        var moved = new List<string>();
        try
        {
            foreach (var file in converted)
            {
                var path = Path.Combine(scripts, file.Path);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.Move(Path.Combine(draft, file.Path), path, overwrite: false);
                moved.Add(path);
            }
        }
        catch
        {
            moved.ForEach(File.Delete);
            throw;
        }
    }

    private static void RefuseIf(List<ScriptProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new MigrationValidationException(problems);
        }
    }
}

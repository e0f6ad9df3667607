namespace Buffkit.Migrations;

/// <summary>Files of SQL in folders that nobody reads. On most systems <c>Repeatable/</c> is another folder than <c>repeatable/</c>.</summary>
internal static class MisplacedScripts
{
    /// <summary>Against links that lead in a circle.</summary>
    private const int DeepestFolder = 8;

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = DeepestFolder,
        // A name that begins with a dot is hidden only where we decide so, below.
        AttributesToSkip = FileAttributes.None,
        MatchType = MatchType.Simple,
    };

    /// <summary>Finds them. Folders whose names begin with a dot belong to tools, which keep copies of files there.</summary>
    /// <param name="root">The folder of the scripts.</param>
    public static IEnumerable<ScriptProblem> Find(string root) =>
        from file in Directory.EnumerateFiles(root, "*", Everything)
        where file.EndsWith(".sql", StringComparison.OrdinalIgnoreCase)
        let path = Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/')
        let parts = path.Split('/')
        where !IsRead(parts) && !parts[..^1].Any(folder => folder.StartsWith('.'))
        orderby path
        select ScriptProblem.Error(ProblemKind.Parse, path, $"No command reads this folder. {Advice(parts)}");

    /// <summary>Where a file belongs that is read as another kind of script than its name says; <see langword="null"/> if it is none of ours.</summary>
    public static string? AdviceByName(string fileName, ScriptKind kind) =>
        kind != ScriptKind.Versioned && ScriptName.Parse(fileName, ScriptKind.Versioned, "", out _) is not null ? $"Move the file to {fileName}, directly into the folder of the scripts."
        : kind != ScriptKind.Repeatable && ScriptName.Parse(fileName, ScriptKind.Repeatable, "", out _) is not null ? $"Move the file to {ScriptFolder.RepeatableFolder}/{fileName}."
        : null;

    private static bool IsRead(string[] parts) => parts switch
    {
        [_] => true,
        [ScriptFolder.RepeatableFolder, _] => true,
        [ScriptFolder.SeedsFolder, _, _] => true,
        _ => false,
    };

    private static string Advice(string[] parts)
    {
        var (first, name) = (parts[0], parts[^1]);
        if (first.StartsWith("seed", StringComparison.OrdinalIgnoreCase))
        {
            var environment = parts.Length > 2 ? parts[1] : "<environment>";
            return $"Move the file to {ScriptFolder.SeedsFolder}/{environment}/{name}.";
        }

        if (first.StartsWith("repeat", StringComparison.OrdinalIgnoreCase))
        {
            return $"Move the file to {ScriptFolder.RepeatableFolder}/{(name.StartsWith("R__", StringComparison.Ordinal) ? "" : "R__")}{name}.";
        }

        return AdviceByName(name, ScriptKind.Seed)
            ?? $"Versioned scripts belong directly into the folder of the scripts, repeatable ones into {ScriptFolder.RepeatableFolder}/, seeds into {ScriptFolder.SeedsFolder}/<environment>/.";
    }
}

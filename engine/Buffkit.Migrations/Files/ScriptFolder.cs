namespace Buffkit.Migrations;

/// <summary>The scripts of a folder, for one engine.</summary>
internal sealed class ScriptFolder
{
    public const string RepeatableFolder = "repeatable";
    public const string SeedsFolder = "seeds";

    private readonly List<ScriptProblem> _problems = [];

    private ScriptFolder(MigrationEngine engine) => Engine = engine;

    public MigrationEngine Engine { get; }

    /// <summary>Gets the versioned and repeatable migrations, in the order in which they run.</summary>
    public IReadOnlyList<Migration> Migrations { get; private set; } = [];

    /// <summary>Gets the seeds of all environments by their names, <c>seeds/development/orders</c>.</summary>
    public IReadOnlyList<Migration> Seeds { get; private set; } = [];

    /// <summary>Gets what is wrong with the files themselves.</summary>
    public IReadOnlyList<ScriptProblem> Problems => _problems;

    /// <summary>Reads a folder. Never throws for what is in it: every finding is one of <see cref="Problems"/>.</summary>
    /// <exception cref="MigrationConfigurationException">There is no such folder.</exception>
    public static ScriptFolder Read(string path, MigrationEngine engine)
    {
        if (!Directory.Exists(path))
        {
            throw new MigrationConfigurationException($"There is no folder of scripts at '{path}'. Name it with --scripts.");
        }

        var folder = new ScriptFolder(engine);
        var files = folder.ReadFiles(path, "", ScriptKind.Versioned);
        files.AddRange(folder.ReadFiles(Path.Combine(path, RepeatableFolder), RepeatableFolder + "/", ScriptKind.Repeatable));
        var seeds = new List<ScriptFile>();
        foreach (var environment in SubFolders(Path.Combine(path, SeedsFolder)))
        {
            seeds.AddRange(folder.ReadFiles(environment, $"{SeedsFolder}/{Path.GetFileName(environment)}/", ScriptKind.Seed));
        }

        folder._problems.AddRange(MisplacedScripts.Find(path));
        var ordered = new MigrationOrder(folder.Assemble(files), folder._problems);
        folder.Migrations = ordered.Migrations;
        folder.Seeds = [.. folder.Assemble(seeds).OrderBy(seed => seed.Name, StringComparer.Ordinal)];
        folder.CheckStatements();
        return folder;
    }

    private List<ScriptFile> ReadFiles(string path, string prefix, ScriptKind kind)
    {
        var files = new List<ScriptFile>();
        if (!Directory.Exists(path))
        {
            return files;
        }

        foreach (var file in Directory.EnumerateFiles(path).Order(StringComparer.Ordinal))
        {
            var fileName = Path.GetFileName(file);
            if (!fileName.EndsWith(".sql", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (ScriptName.Parse(fileName, kind, kind == ScriptKind.Seed ? prefix : "", out var problem) is not { } name)
            {
                // A file that is silently left out would be missed only when something breaks. Another tool's is not to be renamed.
                _problems.Add(ForeignMarkers.FindInFile(file, prefix + fileName, Engine.Dialect)
                    ?? ScriptProblem.Error(ProblemKind.Parse, prefix + fileName, MisplacedScripts.AdviceByName(fileName, kind) ?? problem));
            }
            else if (ScriptFile.Read(file, prefix + fileName, name, Engine.Dialect, _problems) is { } script)
            {
                files.Add(script);
            }
        }

        return files;
    }

    private static IEnumerable<string> SubFolders(string path) =>
        Directory.Exists(path) ? Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal) : [];

    /// <summary>Joins the files of a migration: the one for this engine stands in for the common one.</summary>
    private List<Migration> Assemble(List<ScriptFile> files)
    {
        var migrations = new List<Migration>();
        foreach (var group in files.GroupBy(file => file.Name.Name, StringComparer.OrdinalIgnoreCase))
        {
            var up = Choose(group.Where(file => file.Name.Direction == Direction.Up));
            var down = Choose(group.Where(file => file.Name.Direction == Direction.Down));
            var migration = new Migration(group.First().Name, up, down);
            CheckDirections(migration, group);
            migrations.Add(migration);
        }

        foreach (var twins in migrations.Where(m => m.Kind == ScriptKind.Versioned).GroupBy(m => m.Version).Where(g => g.Count() > 1))
        {
            _problems.Add(ScriptProblem.Error(
                ProblemKind.Duplicate,
                twins.Last().Name,
                $"The version {twins.Key} belongs to {string.Join(" and ", twins.Select(twin => twin.Name))}. Give each its own."));
        }

        return migrations;
    }

    private ScriptFile? Choose(IEnumerable<ScriptFile> files)
    {
        var fitting = files
            .Where(file => (file.Name.Engine ?? Engine.Name) == Engine.Name && file.Header.Engines?.Contains(Engine.Name) != false)
            .ToLookup(file => file.Name.Engine is not null);
        var chosen = fitting[true].Any() ? fitting[true] : fitting[false];
        if (chosen.Count() > 1)
        {
            _problems.Add(ScriptProblem.Error(
                ProblemKind.Duplicate, chosen.Last().Path, $"{string.Join(" and ", chosen.Select(file => file.Path))} serve the same purpose. Remove one."));
        }

        return chosen.FirstOrDefault();
    }

    private void CheckDirections(Migration migration, IEnumerable<ScriptFile> files)
    {
        if (migration.Up is null)
        {
            if (migration.Down is not null)
            {
                _problems.Add(ScriptProblem.Error(
                    ProblemKind.Parse, migration.Down.Path, "There is a way down but no way up. Add the .up.sql file, or remove this one."));
            }
            else if (files.All(file => file.Header.Engines is null))
            {
                _problems.Add(ScriptProblem.Hint(
                    ProblemKind.OtherEngine,
                    migration.Name,
                    $"There is no file for {Engine.Name}, so nothing runs there. Add one, or say so with '-- engines:'."));
            }
        }
        else if (migration is { Kind: ScriptKind.Versioned, Down: null, Up.Header.Irreversible: null })
        {
            _problems.Add(ScriptProblem.Error(
                ProblemKind.MissingDown,
                migration.Up.Path,
                $"There is no {migration.Name}.down.sql. Write it, or put '-- irreversible: reason' into this file."));
        }
    }

    private void CheckStatements()
    {
        foreach (var file in Migrations.Concat(Seeds).SelectMany(m => new[] { m.Up, m.Down }).OfType<ScriptFile>())
        {
            var scan = file.Scan(Engine);
            if (ForeignMarkers.Find(file.Path, scan, file.Name.Direction) is { } foreign)
            {
                _problems.Add(foreign);
                continue;
            }

            foreach (var statement in scan.Statements)
            {
                if (Engine.Kinds.ReasonToRefuse(statement) is { } reason)
                {
                    _problems.Add(ScriptProblem.Error(ProblemKind.Parse, file.Path, $"{statement.Summary} {reason}", statement.Line));
                }
            }

            if (scan.Error is { } error)
            {
                _problems.Add(ScriptProblem.Error(ProblemKind.Parse, file.Path, error.Message, error.Line));
            }
        }
    }
}

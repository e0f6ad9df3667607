namespace Buffkit.Migrations;

/// <summary>Finds migrations by what people write: full name, short name or number. Ten thousand may refer to each other.</summary>
internal sealed class MigrationNames
{
    private readonly ILookup<string, Migration> _byName;
    private readonly ILookup<ScriptVersion, Migration> _byVersion;

    public MigrationNames(IEnumerable<Migration> migrations)
    {
        var all = migrations.ToList();
        _byName = all
            .SelectMany(migration => new[] { migration.Name, migration.ShortName }.Distinct(StringComparer.OrdinalIgnoreCase), (migration, name) => (migration, name))
            .ToLookup(pair => pair.name, pair => pair.migration, StringComparer.OrdinalIgnoreCase);
        _byVersion = all.Where(migration => migration.Kind == ScriptKind.Versioned).ToLookup(migration => migration.Version);
    }

    /// <summary>All that are meant: one, if the reference is a good one.</summary>
    public IReadOnlyList<Migration> Find(string reference) =>
        reference.Length > 0 && reference.All(char.IsAsciiDigit)
            ? [.. _byName[reference].Union(_byVersion[new ScriptVersion(reference)])]
            : [.. _byName[reference]];
}

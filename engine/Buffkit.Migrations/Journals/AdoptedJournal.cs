using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>The journal of plain DbUp, <c>schemaversions</c>: what it lists is taken over when ours begins.</summary>
internal static class AdoptedJournal
{
    /// <summary>DbUp's default on PostgreSQL and MySQL; on SQLite it is written SchemaVersions, which is the same to SQLite.</summary>
    public const string TableName = "schemaversions";

    private const string Who = "adopted from schemaversions";

    /// <summary>Reads DbUp's rows as rows of ours; empty where there is no such table.</summary>
    /// <remarks>
    /// DbUp keeps a script's name only, often that of a resource (<c>App.Scripts.0001_x.sql</c>). A row belongs to the
    /// migration that the name ends with. Rows that belong to none stay as a record of what happened before. Their
    /// times were written by the clock on the wall of the machine that ran DbUp; they are read as this machine's.
    /// </remarks>
    public static async Task<IReadOnlyList<JournalEntry>> ReadAsync(
        MigrationDatabase database, IReadOnlyList<Migration> migrations, CancellationToken cancellation)
    {
        if (await ForeignHistory.ReadAsync(database, migrations, cancellation) is { Count: > 0 } imported)
        {
            return imported;
        }

        var rows = new List<(string Name, DateTime Applied)>();
        try
        {
            await using var command = database.JournalSession.CreateCommand();
            command.CommandText = $"SELECT scriptname, applied FROM {await database.SpellingOfAsync(TableName, cancellation)} ORDER BY applied, scriptname";
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                rows.Add((reader.GetString(0), ToUtc(reader.GetValue(1))));
            }
        }
        catch (DbException e) when (database.Engine.Errors.IsMissingTable(e))
        {
            return [];
        }

        var entries = new Dictionary<string, JournalEntry>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, applied) in rows)
        {
            // The longest: 10_1_init ends with 1_init too.
            var migration = migrations.Where(candidate => Matches(name, candidate)).MaxBy(candidate => candidate.Name.Length);
            var entry = new JournalEntry
            {
                Name = migration?.Name ?? (name.Length <= ScriptName.MaximumLength ? name : name[^ScriptName.MaximumLength..]),
                Version = migration?.Kind == ScriptKind.Versioned ? migration.Version.ToString() : null,
                Kind = migration?.Kind.ToString().ToLowerInvariant() ?? JournalEntry.AdoptedKind,
                // What ran then is not known; what lies here now is trusted once.
                Checksum = migration?.Up?.Checksum,
                Engine = database.Engine.Name,
                State = MigrationState.Applied,
                At = applied,
                Who = Who,
            };
            entries[entry.Name] = entry;
        }

        return [.. entries.Values];
    }

    private static bool Matches(string scriptName, Migration migration)
    {
        foreach (var candidate in new[] { migration.Up?.Header.Imported?.FileName ?? migration.Name + ".up.sql", migration.Name + ".up.sql", migration.Name + ".sql", migration.Name, FileName(migration) })
        {
            if (scriptName.EndsWith(candidate, StringComparison.OrdinalIgnoreCase)
                && (scriptName.Length == candidate.Length || scriptName[^(candidate.Length + 1)] is '.' or '/' or '\\' or '_'))
            {
                return true;
            }
        }

        return false;
    }

    private static string FileName(Migration migration) =>
        migration.Up is { } up ? up.Path[(up.Path.LastIndexOf('/') + 1)..] : migration.Name;

    private static DateTime ToUtc(object value) => value is DateTime { Kind: DateTimeKind.Unspecified } wall && !TimeZoneInfo.Local.IsInvalidTime(wall)
        ? TimeZoneInfo.ConvertTimeToUtc(wall, TimeZoneInfo.Local)
        : Journal.Utc(value);
}

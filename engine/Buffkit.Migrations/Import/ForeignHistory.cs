using System.Data.Common;
using System.Globalization;

namespace Buffkit.Migrations;

/// <summary>The table in which another tool noted what it applied: what <c>import</c> wrote is applied if it stands there.</summary>
/// <remarks>Read only for files that say <c>-- imported:</c>. Other programs have tables of these names too.</remarks>
internal static class ForeignHistory
{
    /// <summary>A table, and a query for a key, when, whether it ended well, and what else decides.</summary>
    private static readonly Dictionary<string, (string Table, string Query)> Histories = new(StringComparer.Ordinal)
    {
        ["goose"] = ("goose_db_version", "SELECT version_id, tstamp, 1, CASE WHEN is_applied THEN 'APPLIED' ELSE 'UNDO' END FROM goose_db_version ORDER BY id"),
        ["dbmate"] = ("schema_migrations", "SELECT version, NULL, 1, 1 FROM schema_migrations"),
        ["golang-migrate"] = ("schema_migrations", "SELECT version, NULL, CASE WHEN dirty THEN 0 ELSE 1 END, 1 FROM schema_migrations"),
        ["sql-migrate"] = ("gorp_migrations", "SELECT id, applied_at, 1, 1 FROM gorp_migrations"),
        ["flyway"] = ("flyway_schema_history", "SELECT script, installed_on, CASE WHEN success THEN 1 ELSE 0 END, type, version FROM flyway_schema_history ORDER BY installed_rank"),
        ["evolve"] = ("changelog", "SELECT name, installed_on, CASE WHEN success THEN 1 ELSE 0 END, type, version FROM changelog ORDER BY id"),
    };

    /// <summary>The rows as rows of ours; empty where nothing was imported or there is no such table.</summary>
    /// <exception cref="MigrationValidationException">The tool stopped half-way, so that nobody knows what has taken effect.</exception>
    public static async Task<IReadOnlyList<JournalEntry>> ReadAsync(
        MigrationDatabase database, IReadOnlyList<Migration> migrations, CancellationToken cancellation)
    {
        var entries = new List<JournalEntry>();
        foreach (var tool in migrations.GroupBy(migration => migration.Up?.Header.Imported?.Tool))
        {
            if (tool.Key is { } name && Histories.TryGetValue(name, out var history)
                && await RowsAsync(database, history.Query, cancellation) is { Count: > 0 } rows)
            {
                entries.AddRange(Applied(name, history.Table, [.. tool], rows).Select(applied => Entry(database, applied.Migration, applied.At, history.Table)));
            }
        }

        return entries;
    }

    private static async Task<List<Row>> RowsAsync(MigrationDatabase database, string query, CancellationToken cancellation)
    {
        var rows = new List<Row>();
        try
        {
            await using var command = database.JournalSession.CreateCommand();
            command.CommandText = query;
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                rows.Add(new Row(
                    Text(reader, 0),
                    // Some keep no time; then it is the moment of taking over.
                    reader.IsDBNull(1) ? DateTime.UtcNow : Journal.Utc(reader.GetValue(1)),
                    Text(reader, 2) == "1",
                    Text(reader, 3),
                    reader.FieldCount > 4 ? Text(reader, 4) : ""));
            }
        }
        catch (DbException e) when (database.Engine.Errors.IsMissingTable(e))
        {
            return [];
        }

        return rows;
    }

    private static IEnumerable<(Migration Migration, DateTime At)> Applied(
        string tool, string table, IReadOnlyList<Migration> migrations, List<Row> rows)
    {
        if (rows.FirstOrDefault(row => !row.Success) is { } failed)
        {
            throw new MigrationValidationException(
                $"{table} says that {tool} failed at {failed.Key}, so nobody knows what of it has taken effect. Mend it with {tool}, or by hand and in that table, then run again.");
        }

        var applied = new Dictionary<Migration, DateTime>();
        foreach (var row in rows)
        {
            foreach (var migration in migrations.Where(migration => IsMeant(tool, row, migration)))
            {
                if (row.Undoes)
                {
                    applied.Remove(migration);
                }
                else
                {
                    applied[migration] = row.At;
                }
            }
        }

        return applied.Select(pair => (pair.Key, pair.Value));
    }

    private static bool IsMeant(string tool, Row row, Migration migration) => tool switch
    {
        "goose" or "dbmate" => migration.Version.CompareTo(new ScriptVersion(row.Key)) == 0,
        // One row, with the last version; all before it have been applied.
        "golang-migrate" => !row.Key.StartsWith('-') && migration.Version.CompareTo(new ScriptVersion(row.Key)) <= 0,
        "flyway" when row.Kind == "BASELINE" => ReachesTo(tool, migration, row.Version) <= 0,
        "flyway" when row.Kind == "UNDO_SQL" => ReachesTo(tool, migration, row.Version) == 0,
        // Its StartVersion: what is below was never to run.
        "evolve" when row.Kind == "3" => ReachesTo(tool, migration, row.Version) < 0,
        _ => string.Equals(migration.Up!.Header.Imported!.FileName, row.Key[(row.Key.LastIndexOf('/') + 1)..], StringComparison.OrdinalIgnoreCase),
    };

    /// <summary>Compares the version in the file's name with another; a repeatable one is after all.</summary>
    private static int ReachesTo(string tool, Migration migration, string version)
    {
        if (ForeignName.Parse(tool, migration.Up!.Header.Imported!.FileName) is not { Repeatable: false } name)
        {
            return 1;
        }

        var other = version.Split(['.', '_']);
        for (var place = 0; place < Math.Max(name.Parts.Count, other.Length); place++)
        {
            var order = Part(name.Parts, place).CompareTo(Part(other, place));
            if (order != 0)
            {
                return order;
            }
        }

        return 0;

        static ScriptVersion Part(IReadOnlyList<string> parts, int place) => new(place < parts.Count ? parts[place] : "");
    }

    private static JournalEntry Entry(MigrationDatabase database, Migration migration, DateTime at, string table) => new()
    {
        Name = migration.Name,
        Version = migration.Kind == ScriptKind.Versioned ? migration.Version.ToString() : null,
        Kind = migration.Kind.ToString().ToLowerInvariant(),
        Checksum = migration.Up?.Checksum,
        Engine = database.Engine.Name,
        State = MigrationState.Applied,
        At = at,
        Who = $"adopted from {table}",
    };

    private static string Text(DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? "" : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture)!;

    private sealed record Row(string Key, DateTime At, bool Success, string Kind, string Version)
    {
        /// <summary>Gets a value indicating whether the row takes an earlier one back: goose says so by <c>is_applied</c>, Flyway by its type.</summary>
        public bool Undoes => Kind is "UNDO" or "UNDO_SQL" or "DELETE";
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Writes the files of a new migration.</summary>
public static partial class MigrationTemplates
{
    /// <summary>Gets the patterns that a new migration can begin from.</summary>
    public static IReadOnlyList<string> Names { get; } = ["empty", "table", "column", "index", "backfill", "enum", "foreign-key"];

    /// <summary>Creates the files, named by the time in UTC.</summary>
    /// <param name="scriptsPath">The folder of the scripts; created if it is not there.</param>
    /// <param name="name">What the migration does, such as <c>add_orders</c>: letters, digits, <c>_</c> and <c>-</c>; spaces become <c>_</c>.</param>
    /// <param name="template">One of <see cref="Names"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="engines">The engines to write files for, where one needs a file of its own.</param>
    /// <param name="table">
    /// The table that the pattern is about. Without it, the name says it: <c>customers</c> of <c>add_customers</c>, or of
    /// <c>add_note_to_customers</c>.
    /// </param>
    /// <returns>The paths of the new files.</returns>
    /// <exception cref="MigrationConfigurationException">The name, the template or the table does not fit.</exception>
    public static IReadOnlyList<string> Create(string scriptsPath, string name, string template, TimeProvider time, MigrationEngines engines, string? table = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(scriptsPath);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(engines);
        var clean = name.Trim().Replace(' ', '_');
        if (!NameForm().IsMatch(clean))
        {
            throw new MigrationConfigurationException($"'{name}' is no name for a migration. Use letters, digits, _ and -, such as add_orders.");
        }

        if (!Names.Contains(template, StringComparer.Ordinal))
        {
            throw new MigrationConfigurationException($"There is no template '{template}'. Choose one of {string.Join(", ", Names)}.");
        }

        table ??= TableOf(clean);
        if (!TableForm().IsMatch(table))
        {
            throw new MigrationConfigurationException($"'{table}' is no name for a table. Use letters, digits and _, at most 48, such as orders.");
        }

        if (Reserved.Contains(table))
        {
            throw new MigrationConfigurationException($"'{table}' is a reserved word of SQL, so it is no good name for a table. Name it otherwise, such as {table}s, with --table.");
        }

        Directory.CreateDirectory(scriptsPath);
        IReadOnlyList<MigrationExample> migrations = Examples.TryGetValue(template, out var names)
            ? [.. names.Select(example => MigrationExample.Read(example, engines)).Where(example => example.Files.Count > 0)]
            : [Empty];
        var moment = time.GetUtcNow();
        // Two migrations of one second would share their number.
        while (Enumerable.Range(0, migrations.Count).Any(next => Directory.EnumerateFiles(scriptsPath, Number(moment.AddSeconds(next)) + "_*").Any()))
        {
            moment = moment.AddSeconds(1);
        }

        var created = new List<string>();
        foreach (var migration in migrations)
        {
            // The first is what was asked for; those that follow are named after it.
            var ending = created.Count == 0 ? "" : "_" + migration.Name.Split('_')[0];
            foreach (var (suffix, text) in migration.Files)
            {
                var path = Path.Combine(scriptsPath, $"{Number(moment)}_{clean}{ending}{suffix}");
                using var stream = new FileStream(path, FileMode.CreateNew);
                using var writer = new StreamWriter(stream);
                writer.Write(text.Replace(Table, table, StringComparison.Ordinal));
                created.Add(path);
            }

            moment = moment.AddSeconds(1);
        }

        return created;
    }

    /// <summary>What stands behind the last "to" or "of", or else behind the first word: names begin with what is done.</summary>
    private static string TableOf(string name)
    {
        var words = name.Replace('-', '_').ToLowerInvariant().Split('_', StringSplitOptions.RemoveEmptyEntries);
        var preposition = Array.FindLastIndex(words, word => word is "to" or "of" or "on");
        var first = preposition >= 0 && preposition < words.Length - 1 ? preposition + 1 : words.Length > 1 ? 1 : 0;
        return words.Length == 0 ? Table : string.Join('_', words[first..]);
    }

    private static string Number(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    /// <summary>The examples that a pattern consists of: a migration for each, one after the other.</summary>
    private static readonly Dictionary<string, string[]> Examples = new(StringComparer.Ordinal)
    {
        ["table"] = ["create_table"],
        ["column"] = ["add_column"],
        ["index"] = ["add_index"],
        ["backfill"] = ["backfill"],
        ["enum"] = ["add_enum"],
        ["foreign-key"] = ["add_foreign_key", "validate_foreign_key"],
    };

    private static readonly MigrationExample Empty = new("",
    [
        (".up.sql", "-- What this migration does, and why.\n"),
        (".down.sql", "-- Undoes the way up. If nothing can, delete this file and put '-- irreversible: reason' into the other.\n"),
    ]);

    /// <summary>The table in the examples.</summary>
    private const string Table = "things";

    /// <summary>Nouns that a table is easily called after and that one of the engines keeps for itself.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "case", "check", "collation", "column", "constraint", "end", "group", "index", "key", "limit", "lock", "match", "option",
        "order", "rank", "range", "row", "session_user", "table", "transaction", "trigger", "user", "values", "window",
    };

    [GeneratedRegex(@"^[\w-]{1,150}$")]
    private static partial Regex NameForm();

    // Room for ix_ and _name within PostgreSQL's 63 bytes.
    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,47}$")]
    private static partial Regex TableForm();
}

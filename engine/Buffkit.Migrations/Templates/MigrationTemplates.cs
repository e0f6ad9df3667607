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

        if (!Templates.TryGetValue(template, out var files))
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
        var moment = time.GetUtcNow();
        var prefix = Prefix(moment, clean);
        // Two migrations of one second would share their number.
        while (Directory.EnumerateFiles(scriptsPath, prefix.Split('_')[0] + "_*").Any())
        {
            moment = moment.AddSeconds(1);
            prefix = Prefix(moment, clean);
        }

        var created = new List<string>();
        foreach (var (suffix, content) in files)
        {
            if (suffix.Split('.')[1] is not ("up" or "down") and var engine && engines.All.All(added => added.Name != engine))
            {
                continue;
            }

            var path = Path.Combine(scriptsPath, prefix + suffix);
            using var stream = new FileStream(path, FileMode.CreateNew);
            using var writer = new StreamWriter(stream);
            writer.Write(content.ReplaceLineEndings("\n").Replace(Table, table, StringComparison.Ordinal));
            created.Add(path);
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

    private static string Prefix(DateTimeOffset moment, string name) =>
        moment.UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture) + "_" + name;

    private static readonly Dictionary<string, (string Suffix, string Content)[]> Templates = new(StringComparer.Ordinal)
    {
        ["empty"] =
        [
            (".up.sql", "-- What this migration does, and why.\n"),
            (".down.sql", "-- Undoes the way up. If nothing can, delete this file and put '-- irreversible: reason' into the other.\n"),
        ],
        ["table"] =
        [
            (".up.sql", """
                -- SQLite, and any engine without a file of its own.
                CREATE TABLE things (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    name TEXT NOT NULL,
                    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
                );

                """),
            (".postgres.up.sql", """
                CREATE TABLE things (
                    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    name text NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now()
                );

                """),
            (".mysql.up.sql", """
                -- Times are UTC: MySQL's datetime keeps no zone.
                CREATE TABLE things (
                    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
                    name varchar(200) NOT NULL,
                    created_at datetime(6) NOT NULL DEFAULT (utc_timestamp(6))
                );

                """),
            (".down.sql", "DROP TABLE things;\n"),
        ],
        ["column"] =
        [
            (".up.sql", """
                -- A new column. With a constant default no engine rewrites the table; without one leave it nullable.
                -- lock-timeout: 5s
                ALTER TABLE things ADD COLUMN note varchar(200) NOT NULL DEFAULT '';

                """),
            (".down.sql", "ALTER TABLE things DROP COLUMN note;\n"),
        ],
        ["index"] =
        [
            (".up.sql", "CREATE INDEX ix_things_name ON things (name);\n"),
            (".postgres.up.sql", """
                -- no-transaction
                -- Without CONCURRENTLY writers would wait until the index is built.
                CREATE INDEX CONCURRENTLY ix_things_name ON things (name);

                """),
            (".mysql.up.sql", """
                -- The server refuses if it cannot build the index beside the writers.
                CREATE INDEX ix_things_name ON things (name) ALGORITHM = INPLACE LOCK = NONE;

                """),
            (".down.sql", "DROP INDEX ix_things_name;\n"),
            (".postgres.down.sql", "-- no-transaction\nDROP INDEX CONCURRENTLY ix_things_name;\n"),
            (".mysql.down.sql", "DROP INDEX ix_things_name ON things;\n"),
        ],
        ["backfill"] =
        [
            (".up.sql", """
                -- no-transaction
                -- Fills a column in batches: each statement commits by itself and locks few rows for a short time.
                -- Repeat the statement with the next range, or write a procedure with a loop where there are many.
                UPDATE things SET note = name WHERE note = '' AND id BETWEEN 1 AND 10000;
                UPDATE things SET note = name WHERE note = '' AND id BETWEEN 10001 AND 20000;
                UPDATE things SET note = name WHERE note = '' AND id > 20000;

                """),
            (".down.sql", "-- Nothing to undo: the column's values were empty before.\n"),
        ],
        ["enum"] =
        [
            (".up.sql", """
                -- A column of few values. A check works on every engine and is easier to change than a type.
                ALTER TABLE things ADD COLUMN state varchar(20) NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done'));

                """),
            (".postgres.up.sql", """
                -- lock-timeout: 5s
                -- Values can be added later (ALTER TYPE things_state ADD VALUE 'lost', no-transaction), never removed.
                CREATE TYPE things_state AS ENUM ('new', 'done');
                ALTER TABLE things ADD COLUMN state things_state NOT NULL DEFAULT 'new';

                """),
            (".mysql.up.sql", """
                -- Values added at the end later need no copy of the table.
                ALTER TABLE things ADD COLUMN state enum('new', 'done') NOT NULL DEFAULT 'new';

                """),
            (".down.sql", "ALTER TABLE things DROP COLUMN state;\n"),
            (".postgres.down.sql", "ALTER TABLE things DROP COLUMN state;\nDROP TYPE things_state;\n"),
        ],
        ["foreign-key"] =
        [
            (".up.sql", """
                -- SQLite adds a foreign key with a new column only.
                ALTER TABLE things ADD COLUMN owner_id integer NULL REFERENCES owners (id);

                """),
            (".postgres.up.sql", """
                -- lock-timeout: 5s
                -- NOT VALID: new rows are checked from now on, old ones by VALIDATE CONSTRAINT, which locks nobody out.
                ALTER TABLE things ADD COLUMN owner_id integer NULL;
                ALTER TABLE things ADD CONSTRAINT fk_things_owners FOREIGN KEY (owner_id) REFERENCES owners (id) NOT VALID;
                ALTER TABLE things VALIDATE CONSTRAINT fk_things_owners;

                """),
            (".mysql.up.sql", """
                -- lock-timeout: 5s
                -- With foreign_key_checks off the server adds the key in place, and looks neither for the other table nor at the rows. So they are
                -- looked at first: the second statement fails where there is no such table, or where a row refers to nothing in it.
                ALTER TABLE things ADD COLUMN owner_id int NULL, ALGORITHM = INSTANT;
                CREATE TEMPORARY TABLE things_without_owner (id bigint, CONSTRAINT things_that_refer_to_no_owner CHECK (id IS NULL))
                    SELECT id FROM things WHERE owner_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM owners WHERE owners.id = things.owner_id);
                DROP TEMPORARY TABLE IF EXISTS things_without_owner;
                SET foreign_key_checks = 0;
                ALTER TABLE things ADD CONSTRAINT fk_things_owners FOREIGN KEY (owner_id) REFERENCES owners (id), ALGORITHM = INPLACE;
                SET foreign_key_checks = 1;

                """),
            (".down.sql", "ALTER TABLE things DROP COLUMN owner_id;\n"),
            (".mysql.down.sql", "ALTER TABLE things DROP FOREIGN KEY fk_things_owners, DROP COLUMN owner_id;\n"),
        ],
    };

    /// <summary>The table in the texts below.</summary>
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

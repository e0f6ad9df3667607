using System.Data;
using System.Data.Common;
using System.Globalization;
using DbUp.Engine;

namespace Buffkit.Migrations;

/// <summary>The table <c>migration_journal</c>: what has been applied to this database, when, by whom, how far.</summary>
/// <remarks>Every write is a whole row, so that no history of updates has to be understood to know what a row says.</remarks>
internal sealed class Journal(MigrationDatabase database, string who, TimeProvider time) : IJournal
{
    public const string TableName = "migration_journal";

    private const string Columns =
        "name, version, kind, checksum, engine, state, applied_at, duration_ms, statements_done, statements_total, "
        + "statement_started, done_checksum, fingerprint, who, error";

    /// <summary>A server's message can be long, and the table is read by people.</summary>
    private const int MaximumError = 2000;

    private string? _upsert;
    private Dictionary<string, JournalEntry> _entries = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets the rows by name, as of the last <see cref="ReadAsync"/> and the writes since.</summary>
    public IReadOnlyDictionary<string, JournalEntry> Entries => _entries;

    /// <summary>Reads all rows with one statement.</summary>
    /// <returns>Whether the table exists.</returns>
    public async Task<bool> ReadAsync(CancellationToken cancellation)
    {
        var entries = new Dictionary<string, JournalEntry>(StringComparer.OrdinalIgnoreCase);
        try
        {
            await using var command = database.JournalSession.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM {database.JournalTable}";
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                var entry = Read(reader);
                entries[entry.Name] = entry;
            }
        }
        catch (DbException e) when (database.Engine.Errors.IsMissingTable(e))
        {
            _entries = entries;
            return false;
        }
        catch (DbException e) when (database.Engine.Errors.TroubleOf(e) is not JournalTrouble.None and var trouble)
        {
            throw Trouble(trouble, "read", e);
        }

        _entries = entries;
        return true;
    }

    /// <summary>Makes sure, before anything is run, that the journal can be written.</summary>
    /// <exception cref="MigrationConfigurationException">The login lacks a right.</exception>
    /// <exception cref="MigrationValidationException">The table is not as this release made it.</exception>
    public async Task CheckWritableAsync(CancellationToken cancellation)
    {
        if (!database.Engine.HasRights)
        {
            return;
        }

        string[] nothing =
        [
            $"INSERT INTO {database.JournalTable} ({Columns}) SELECT {Columns} FROM {database.JournalTable} WHERE 1 = 0",
            $"UPDATE {database.JournalTable} SET name = name WHERE 1 = 0",
            $"DELETE FROM {database.JournalTable} WHERE 1 = 0",
        ];
        try
        {
            foreach (var sql in nothing)
            {
                await using var command = database.JournalSession.CreateCommand();
                command.CommandText = sql;
                await database.ExecuteAsync(command, cancellation);
            }
        }
        catch (DbException e) when (database.Engine.Errors.TroubleOf(e) is not JournalTrouble.None and var trouble)
        {
            throw Trouble(trouble, "write", e);
        }
    }

    /// <summary>Says what a person can do about it.</summary>
    /// <param name="trouble">What it is.</param>
    /// <param name="what">What was tried, such as <c>read</c>.</param>
    /// <param name="cause">The server's word.</param>
    public MigrationException Trouble(JournalTrouble trouble, string what, DbException cause)
    {
        var reason = database.Engine.Errors.Describe(cause).TrimEnd('.');
        return trouble switch
        {
            JournalTrouble.Column => new MigrationValidationException(
                $"The table {database.JournalTable} is not as this release made it: {reason}. Bring the column back, or run the release that changed it; nothing was run.", cause),
            JournalTrouble.ReadOnly => new MigrationConfigurationException(
                $"The database takes no writes, so the table {database.JournalTable} cannot be {(what == "read" ? "read" : "written")}: {reason}. Connect to the primary, or to a file that this user may write; nothing was run.", cause),
            _ => new MigrationConfigurationException(
                $"The login may not {what} the table {database.JournalTable}: {reason}. Grant it SELECT, INSERT, UPDATE and DELETE there, CREATE in its schema, and what the migrations themselves do; nothing was run.", cause),
        };
    }

    /// <summary>Takes rows as read that are not in the table (yet).</summary>
    public void Assume(IEnumerable<JournalEntry> entries) =>
        _entries = entries.ToDictionary(entry => entry.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Writes one row on the journal's own session, at once and for good.</summary>
    public Task WriteAsync(JournalEntry entry, CancellationToken cancellation) =>
        WriteAsync(entry, database.JournalSession, cancellation);

    /// <summary>Writes one row as part of what <paramref name="session"/> is doing.</summary>
    public async Task WriteAsync(JournalEntry entry, DbConnection session, CancellationToken cancellation)
    {
        await using var command = session.CreateCommand();
        Prepare(command, entry);
        await database.ExecuteAsync(command, cancellation);
        _entries[entry.Name] = entry;
    }

    /// <summary>Writes one row as the last act of the transaction on the working session, and commits.</summary>
    public async Task CommitAsync(JournalEntry entry, CancellationToken cancellation)
    {
        await using var command = database.Session.CreateCommand();
        Prepare(command, entry);
        await database.CommitAsync(command, cancellation);
        _entries[entry.Name] = entry;
    }

    /// <summary>The same, together with the next statement, where the server can.</summary>
    /// <returns>Whether it will be; then call <see cref="Remember"/> once the statement has succeeded.</returns>
    public bool TryCommitWithNext(JournalEntry entry)
    {
        using var command = database.Session.CreateCommand();
        Prepare(command, entry);
        return database.TryCommitWithNext(command);
    }

    /// <summary>Takes a row as written.</summary>
    public void Remember(JournalEntry entry) => _entries[entry.Name] = entry;

    public async Task DeleteAsync(string name, CancellationToken cancellation)
    {
        await using var command = database.JournalSession.CreateCommand();
        command.CommandText = $"DELETE FROM {database.JournalTable} WHERE name = @name";
        Add(command, "name", name);
        await database.ExecuteAsync(command, cancellation);
        _entries.Remove(name);
    }

    /// <summary>Gives a row the name and number of a migration whose file was renamed.</summary>
    public async Task MoveAsync(JournalEntry entry, Migration migration, CancellationToken cancellation)
    {
        if (_entries.ContainsKey(migration.Name))
        {
            // A row that says "undone" says no more than none.
            await DeleteAsync(migration.Name, cancellation);
        }

        var moved = entry with { Name = migration.Name, Version = migration.Version.ToString() };
        await using var command = database.JournalSession.CreateCommand();
        command.CommandText = $"UPDATE {database.JournalTable} SET name = @name, version = @version WHERE name = @old";
        Add(command, "name", moved.Name);
        Add(command, "version", moved.Version);
        Add(command, "old", entry.Name);
        await database.ExecuteAsync(command, cancellation);
        _entries.Remove(entry.Name);
        _entries[moved.Name] = moved;
    }

    /// <summary>A row for a script, before anything of it has run.</summary>
    public JournalEntry NewEntry(MigrationScript script, MigrationState state) => new()
    {
        Name = script.Name,
        Version = script.Migration.Kind == ScriptKind.Versioned ? script.Migration.Version.ToString() : null,
        Kind = script.Migration.Kind.ToString().ToLowerInvariant(),
        // Going down does not change what had been applied.
        Checksum = script.Direction == Direction.Up
            ? script.File.Checksum
            : Entries.GetValueOrDefault(script.Name)?.Checksum ?? script.Migration.Up?.Checksum,
        Engine = database.Engine.Name,
        State = state,
        At = time.GetUtcNow().UtcDateTime,
        StatementsTotal = script.File.Statements(database.Engine).Count,
        Who = who,
    };

    string[] IJournal.GetExecutedScripts() =>
        [.. _entries.Values.Where(entry => entry.State.IsApplied()).Select(entry => entry.Name)];

    /// <summary>What DbUp's engine calls to mark a script as done without running it.</summary>
    void IJournal.StoreExecutedScript(SqlScript script, Func<IDbCommand> dbCommandFactory)
    {
        using var command = (DbCommand)dbCommandFactory();
        var entry = NewEntry((MigrationScript)script, MigrationState.Baselined);
        Prepare(command, entry);
        command.ExecuteNonQuery();
        _entries[entry.Name] = entry;
    }

    void IJournal.EnsureTableExistsAndIsLatestVersion(Func<IDbCommand> dbCommandFactory)
    {
        using var command = dbCommandFactory();
        command.CommandText = database.Engine.JournalSql.Create(database.JournalTable);
        command.ExecuteNonQuery();
    }

    private void Prepare(DbCommand command, JournalEntry entry)
    {
        command.CommandText = _upsert ??= database.Engine.JournalSql.Upsert(database.JournalTable, Columns.Split(", "));
        Add(command, "name", entry.Name);
        Add(command, "version", entry.Version);
        Add(command, "kind", entry.Kind);
        Add(command, "checksum", entry.Checksum);
        Add(command, "engine", entry.Engine);
        Add(command, "state", entry.State.ToName());
        Add(command, "applied_at", database.Engine.JournalSql.ToParameter(entry.At));
        Add(command, "duration_ms", (long)entry.Duration.TotalMilliseconds);
        Add(command, "statements_done", entry.StatementsDone);
        Add(command, "statements_total", entry.StatementsTotal);
        Add(command, "statement_started", entry.StatementStarted);
        Add(command, "done_checksum", entry.DoneChecksum);
        Add(command, "fingerprint", entry.Fingerprint);
        Add(command, "who", entry.Who);
        Add(command, "error", entry.Error is { Length: > MaximumError } error ? error[..MaximumError] : entry.Error);
    }

    private static void Add(DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        if (value is null)
        {
            parameter.DbType = DbType.String;
        }

        command.Parameters.Add(parameter);
    }

    private static JournalEntry Read(DbDataReader reader) => new()
    {
        Name = reader.GetString(0),
        Version = Text(reader, 1),
        Kind = reader.GetString(2),
        Checksum = Text(reader, 3),
        Engine = reader.GetString(4),
        State = MigrationStates.TryParse(reader.GetString(5)) ?? throw new MigrationValidationException(
            $"The journal says of {reader.GetString(0)} that it is '{reader.GetString(5)}', which this release does not know: a newer one wrote it. Run that release, or a newer one; nothing was run."),
        At = Utc(reader.GetValue(6)),
        Duration = TimeSpan.FromMilliseconds(reader.GetInt64(7)),
        StatementsDone = reader.GetInt32(8),
        StatementsTotal = reader.GetInt32(9),
        StatementStarted = reader.GetInt32(10),
        DoneChecksum = Text(reader, 11),
        Fingerprint = Text(reader, 12),
        Who = reader.GetString(13),
        Error = Text(reader, 14),
    };

    private static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    internal static DateTime Utc(object value) => value switch
    {
        DateTime { Kind: DateTimeKind.Local } local => local.ToUniversalTime(),
        DateTime date => DateTime.SpecifyKind(date, DateTimeKind.Utc),
        DateTimeOffset offset => offset.UtcDateTime,
        _ => DateTime.Parse(
            Convert.ToString(value, CultureInfo.InvariantCulture)!,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
    };
}

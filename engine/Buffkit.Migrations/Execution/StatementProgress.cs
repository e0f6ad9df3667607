namespace Buffkit.Migrations;

/// <summary>How far a script is whose statements commit one by one, as the journal has it.</summary>
internal sealed class StatementProgress(RunContext context, MigrationScript script) : IDisposable
{
    private readonly long _started = context.Time.GetTimestamp();

    private readonly IReadOnlyList<Statement> _statements = script.File.Statements(context.Database.Engine);

    /// <summary>Of the first statements, so that what follows those that are done may be corrected; goes on as they get done.</summary>
    private TextHash _hash = new();
    private int _hashed;

    /// <summary>Gets what was written last.</summary>
    public JournalEntry Entry { get; private set; } = FirstEntry(context.Journal, script);

    /// <summary>Gets what an earlier run left, if it stopped half-way in this direction.</summary>
    public JournalEntry? Earlier { get; } = EarlierEntry(context.Journal, script);

    /// <summary>The checksum of the first statements; <see langword="null"/> of none.</summary>
    public string? DoneChecksum(int count) => count == 0 ? null : ChecksumOfFirst(count);

    /// <summary>Whether the file still begins with the statements that an entry counts as done.</summary>
    public bool StillBeginsAs(JournalEntry entry) =>
        entry.StatementsDone <= _statements.Count
        && (entry.StatementsDone == 0 || entry.DoneChecksum == DoneChecksum(entry.StatementsDone));

    /// <summary>The entry with so many statements done and none under way.</summary>
    public JournalEntry With(int done) => Entry with
    {
        StatementsDone = done,
        StatementStarted = 0,
        Fingerprint = null,
        DoneChecksum = DoneChecksum(done),
    };

    /// <summary>The entry as of now.</summary>
    public JournalEntry Timed(JournalEntry entry) =>
        entry with { Duration = context.Time.GetElapsedTime(_started), At = context.Time.GetUtcNow().UtcDateTime };

    /// <summary>Writes on the journal's session, at once and for good.</summary>
    public async Task WriteAsync(JournalEntry entry, CancellationToken cancellation)
    {
        entry = Timed(entry);
        await context.Journal.WriteAsync(entry, cancellation);
        Entry = entry;
    }

    /// <summary>Takes an entry as written, once what it was written with has been committed.</summary>
    public void Committed(JournalEntry entry) => Entry = entry;

    public void Dispose() => _hash.Dispose();

    /// <summary>
    /// Where the journal stands: a run that fails before it has come that far again must not forget what is done.
    /// </summary>
    private static JournalEntry FirstEntry(Journal journal, MigrationScript script)
    {
        var isDown = script.Direction == Direction.Down;
        var entry = journal.NewEntry(script, isDown ? MigrationState.Reverting : MigrationState.Applying);
        return EarlierEntry(journal, script) is { } earlier
            ? entry with
            {
                StatementsDone = earlier.StatementsDone,
                DoneChecksum = earlier.DoneChecksum,
                StatementStarted = earlier.StatementStarted,
                Fingerprint = earlier.Fingerprint,
            }
            : entry;
    }

    private static JournalEntry? EarlierEntry(Journal journal, MigrationScript script) =>
        journal.Entries.GetValueOrDefault(script.Name) is { } entry
        && entry.State.IsHalfway() && entry.State.IsDownward() == (script.Direction == Direction.Down)
            ? entry
            : null;

    private string ChecksumOfFirst(int count)
    {
        if (count < _hashed)
        {
            _hash.Dispose();
            (_hash, _hashed) = (new TextHash(), 0);
        }

        for (; _hashed < count; _hashed++)
        {
            var statement = _statements[_hashed];
            _hash.Append(statement.Text);
            _hash.Append("\0");
            if (statement.CopyData is { } data)
            {
                using var lines = data.Open();
                _hash.Append(lines);
            }

            _hash.Append("\0");
        }

        return _hash.Current();
    }
}

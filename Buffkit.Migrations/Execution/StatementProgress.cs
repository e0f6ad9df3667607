using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Migrations;

/// <summary>How far a script is whose statements commit one by one, as the journal has it.</summary>
internal sealed class StatementProgress(RunContext context, MigrationScript script)
{
    private readonly long _started = context.Time.GetTimestamp();

    /// <summary>Of the first one, two, three … statements, so that what follows those that are done may be corrected.</summary>
    private readonly string[] _checksums = PrefixChecksums(script.File.Statements(context.Database.Engine));

    /// <summary>Gets what was written last.</summary>
    public JournalEntry Entry { get; private set; } = FirstEntry(context.Journal, script);

    /// <summary>Gets what an earlier run left, if it stopped half-way in this direction.</summary>
    public JournalEntry? Earlier { get; } = EarlierEntry(context.Journal, script);

    /// <summary>The checksum of the first statements; <see langword="null"/> of none.</summary>
    public string? DoneChecksum(int count) => count == 0 ? null : _checksums[count - 1];

    /// <summary>Whether the file still begins with the statements that an entry counts as done.</summary>
    public bool StillBeginsAs(JournalEntry entry) =>
        entry.StatementsDone <= _checksums.Length
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

    private static string[] PrefixChecksums(IReadOnlyList<Statement> statements)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var checksums = new string[statements.Count];
        for (var i = 0; i < checksums.Length; i++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(ScriptFile.WithLineFeeds(statements[i].Text + '\0' + statements[i].CopyData) + '\0'));
            checksums[i] = Convert.ToHexStringLower(hash.GetCurrentHash());
        }

        return checksums;
    }
}

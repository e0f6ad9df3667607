using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Buffkit.Migrations.Sqlite;

/// <summary>Rows that refer to nothing: what SQLite's own procedure for changing a table has one look for at its end.</summary>
/// <remarks>
/// Only where foreign keys are enforced as a rule and the script has turned them off. Where they never are, rows that
/// refer to nothing are how that database is; those that were there before are not this script's doing either.
/// <see href="https://www.sqlite.org/lang_altertable.html#otheralter"/>.
/// </remarks>
internal sealed partial class SqliteDatabase
{
    private const int NamedRows = 5;

    private HashSet<BrokenReference>? _brokenBefore;

    public override async Task NoteReferencesAsync(CancellationToken cancellation)
    {
        _brokenBefore = null;
        if (!_foreignKeys || await ScalarAsync("PRAGMA foreign_keys", cancellation) is not 0L)
        {
            return;
        }

        try
        {
            _brokenBefore = [.. await BrokenReferencesAsync(cancellation)];
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            // A foreign key that fits no key of its parent cannot be checked; perhaps the script is there to mend it.
            _brokenBefore = [];
        }
    }

    public override async Task CheckReferencesAsync(CancellationToken cancellation)
    {
        if (_brokenBefore is not { } before)
        {
            return;
        }

        _brokenBefore = null;
        var broken = (await BrokenReferencesAsync(cancellation)).Where(row => !before.Contains(row)).ToList();
        if (broken.Count > 0)
        {
            var named = string.Join(", ", broken.Take(NamedRows).Select(row => $"{row.Table} {(row.Row is { } id ? $"row {id}" : "(without rowid)")} to {row.Parent}"));
            throw new MigrationFailedException(
                $"foreign keys are off in this script, and {broken.Count} rows would refer to nothing: {named}{(broken.Count > NamedRows ? ", …" : "")}. 'PRAGMA foreign_key_check' lists them");
        }
    }

    private async Task<List<BrokenReference>> BrokenReferencesAsync(CancellationToken cancellation)
    {
        await using var command = Sqlite.CreateCommand();
        command.CommandText = "PRAGMA foreign_key_check";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var broken = new List<BrokenReference>();
        while (await reader.ReadAsync(cancellation))
        {
            broken.Add(new BrokenReference(
                reader.GetString(0),
                await reader.IsDBNullAsync(1, cancellation) ? null : reader.GetInt64(1),
                reader.GetString(2),
                reader.GetInt32(3)));
        }

        return broken;
    }

    private sealed record BrokenReference(string Table, long? Row, string Parent, int Key);
}

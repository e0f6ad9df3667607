namespace Buffkit.Migrations.Sqlite;

/// <summary>The journal's table.</summary>
internal sealed class SqliteJournalSql : JournalSql
{
    public override string Create(string table) =>
        $"""
        CREATE TABLE IF NOT EXISTS {table} (
            name TEXT NOT NULL PRIMARY KEY,
            version TEXT,
            kind TEXT NOT NULL,
            checksum TEXT,
            engine TEXT NOT NULL,
            state TEXT NOT NULL,
            applied_at TEXT NOT NULL, -- UTC
            duration_ms INTEGER NOT NULL,
            statements_done INTEGER NOT NULL,
            statements_total INTEGER NOT NULL,
            statement_started INTEGER NOT NULL,
            done_checksum TEXT,
            fingerprint TEXT,
            who TEXT NOT NULL,
            error TEXT)
        """;

    public override string Upsert(string table, IReadOnlyList<string> columns) => Migrations.Upsert.OnConflict(table, columns);

    public override object ToParameter(DateTime utc) =>
        utc.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);
}

namespace Buffkit.Migrations.Postgres;

/// <summary>The journal's table.</summary>
internal sealed class PostgresJournalSql : JournalSql
{
    public override string Create(string table) =>
        $"""
        CREATE TABLE IF NOT EXISTS {table} (
            name varchar(200) NOT NULL PRIMARY KEY,
            version varchar(200),
            kind varchar(16) NOT NULL,
            checksum varchar(64),
            engine varchar(16) NOT NULL,
            state varchar(16) NOT NULL,
            applied_at timestamptz NOT NULL,
            duration_ms bigint NOT NULL,
            statements_done integer NOT NULL,
            statements_total integer NOT NULL,
            statement_started integer NOT NULL,
            done_checksum varchar(64),
            fingerprint varchar(200),
            who varchar(200) NOT NULL,
            error text)
        """;

    public override string Upsert(string table, IReadOnlyList<string> columns) => Migrations.Upsert.OnConflict(table, columns);

    public override object ToParameter(DateTime utc) => utc;
}

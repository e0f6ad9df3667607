namespace Buffkit.Migrations.MySql;

/// <summary>The journal's table.</summary>
internal sealed class MySqlJournalSql : JournalSql
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
            applied_at datetime(6) NOT NULL COMMENT 'UTC',
            duration_ms bigint NOT NULL,
            statements_done int NOT NULL,
            statements_total int NOT NULL,
            statement_started int NOT NULL,
            done_checksum varchar(64),
            fingerprint varchar(200),
            who varchar(200) NOT NULL,
            error text
        ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4
        """;

    public override string Upsert(string table, IReadOnlyList<string> columns) => Migrations.Upsert.Replace(table, columns);

    public override object ToParameter(DateTime utc) => DateTime.SpecifyKind(utc, DateTimeKind.Unspecified);
}

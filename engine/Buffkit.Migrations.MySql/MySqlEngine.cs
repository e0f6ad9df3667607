using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>MySQL 8 or later; <c>mysql</c> in file names, directives and configuration.</summary>
public sealed class MySqlEngine : MigrationEngine
{
    /// <inheritdoc/>
    public override string Name => "mysql";

    internal override SqlDialect Dialect => MySqlDialect.Value;

    internal override StatementKinds Kinds { get; } = new MySqlKinds();

    internal override IReadOnlyList<LintRule> LintRules => MySqlRules.All;

    internal override IReadOnlyList<DatabaseCheck> Checks => MySqlChecks.All;

    internal override ServerErrors Errors { get; } = new MySqlErrors();

    internal override JournalSql JournalSql { get; } = new MySqlJournalSql();

    internal override bool HasTransactionalDdl => false;

    // What a role gives is not in these tables: who has one is believed.
    internal override string? MayCreateSql =>
        """
        SELECT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'CREATE' AND GRANTEE = g.me)
            OR EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'CREATE' AND GRANTEE = g.me AND DATABASE() LIKE TABLE_SCHEMA)
            OR CURRENT_ROLE() <> 'NONE'
        FROM (SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AS me) AS g
        """;

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new MySqlDatabase(this, connectionString);

    internal override string? ForScratch(string connectionString, string database) =>
        new MySqlConnectionStringBuilder(connectionString) { Database = database }.ToString();
}

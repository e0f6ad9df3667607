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

    internal override ServerErrors Errors { get; } = new MySqlErrors();

    internal override JournalSql JournalSql { get; } = new MySqlJournalSql();

    internal override bool HasTransactionalDdl => false;

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new MySqlDatabase(this, connectionString);

    internal override string? ForScratch(string connectionString, string database) =>
        new MySqlConnectionStringBuilder(connectionString) { Database = database }.ToString();
}

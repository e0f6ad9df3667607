namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL 15 or later; <c>postgres</c> in file names, directives and configuration.</summary>
public sealed class PostgresEngine : MigrationEngine
{
    public override string Name => "postgres";

    internal override string SystemName => "postgresql";

    internal override SqlDialect Dialect => PostgresDialect.Value;

    internal override StatementKinds Kinds { get; } = new PostgresKinds();

    internal override IReadOnlyList<LintRule> LintRules => PostgresRules.All;

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new PostgresDatabase(this, connectionString);
}

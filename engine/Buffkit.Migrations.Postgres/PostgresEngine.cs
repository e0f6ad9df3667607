namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL 15 or later; <c>postgres</c> in file names, directives and configuration.</summary>
public sealed class PostgresEngine : MigrationEngine
{
    /// <inheritdoc/>
    public override string Name => "postgres";

    internal override string SystemName => "postgresql";

    internal override SqlDialect Dialect => PostgresDialect.Value;

    internal override StatementKinds Kinds { get; } = new PostgresKinds();

    internal override IReadOnlyList<LintRule> LintRules => PostgresRules.All;

    internal override IReadOnlyList<DatabaseCheck> Checks => PostgresChecks.All;

    internal override ServerErrors Errors { get; } = new PostgresErrors();

    internal override JournalSql JournalSql { get; } = new PostgresJournalSql();

    internal override bool HasTransactionalDdl => true;

    internal override string? MayCreateSql => "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";

    internal override string? TrialCaveat =>
        "Sequences that were moved (nextval, setval) stay moved, as PostgreSQL never takes them back, and locks were really taken until the end.";

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new PostgresDatabase(this, connectionString);
}

using System.Text.RegularExpressions;

namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL 15 or later; <c>postgres</c> in file names, directives and configuration.</summary>
public sealed partial class PostgresEngine : MigrationEngine
{
    public override string Name => "postgres";

    internal override string SystemName => "postgresql";

    internal override SqlDialect Dialect => PostgresDialect.Value;

    internal override IReadOnlyList<LintRule> LintRules => PostgresRules.All;

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new PostgresDatabase(this, connectionString);

    internal override string? ReasonToRefuse(Statement statement) =>
        statement.Text[0] is 'D' or 'd' or 'S' or 's' && ReleaseOfAllLocks().IsMatch(statement.Bare)
            ? "would release the runner's lock. Release single locks with pg_advisory_unlock(key); the session is cleaned after each file anyway."
            : null;

    [GeneratedRegex(@"^(?:DISCARD\s+ALL\b|SELECT\s+(?:pg_catalog\.)?pg_advisory_unlock_all\b)", RegexOptions.IgnoreCase)]
    private static partial Regex ReleaseOfAllLocks();
}

namespace Buffkit.Migrations.Sqlite;

/// <summary>SQLite; <c>sqlite</c> in file names, directives and configuration.</summary>
public sealed class SqliteEngine : MigrationEngine
{
    public override string Name => "sqlite";

    internal override SqlDialect Dialect => SqliteDialect.Value;

    internal override StatementKinds Kinds { get; } = new SqliteKinds();

    internal override IReadOnlyList<LintRule> LintRules => SqliteRules.All;

    /// <remarks>Without one: the file <c>data/app.db</c> below the root. A relative path becomes absolute, and foreign keys are on.</remarks>
    /// <inheritdoc/>
    public override string? CompleteConnectionString(string? configured, string root) => SqliteFile.Complete(configured, root);

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new SqliteDatabase(this, connectionString, time);
}

namespace Buffkit.Migrations.Sqlite;

/// <summary>SQLite; <c>sqlite</c> in file names, directives and configuration.</summary>
public sealed class SqliteEngine : MigrationEngine
{
    /// <inheritdoc/>
    public override string Name => "sqlite";

    internal override SqlDialect Dialect => SqliteDialect.Value;

    internal override StatementKinds Kinds { get; } = new SqliteKinds();

    internal override IReadOnlyList<LintRule> LintRules => SqliteRules.All;

    internal override IReadOnlyList<DatabaseCheck> Checks => SqliteChecks.All;

    internal override ServerErrors Errors { get; } = new SqliteErrors();

    internal override JournalSql JournalSql { get; } = new SqliteJournalSql();

    internal override bool HasTransactionalDdl => true;

    // A file's rights show when it is written, and that waits for other writers.
    internal override bool HasRights => false;

    /// <remarks>Without one: the file <c>data/app.db</c> below the root. A relative path becomes absolute, and foreign keys are on.</remarks>
    /// <inheritdoc/>
    public override string? CompleteConnectionString(string? configured, string root) => SqliteFile.Complete(configured, root);

    internal override MigrationDatabase Open(string connectionString, TimeProvider time) =>
        new SqliteDatabase(this, connectionString, time);
}

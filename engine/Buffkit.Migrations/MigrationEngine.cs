namespace Buffkit.Migrations;

/// <summary>A SQL engine that migrations run on. A package brings each one, with its driver.</summary>
public abstract class MigrationEngine
{
    /// <summary>Only the engines' packages derive from it.</summary>
    internal MigrationEngine()
    {
    }

    /// <summary>Gets the name in file names, directives and configuration, such as <c>sqlite</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Gets the value of <c>db.system.name</c> in OpenTelemetry's conventions.</summary>
    internal virtual string SystemName => Name;

    /// <summary>Gets the rules by which a script is read.</summary>
    internal abstract SqlDialect Dialect { get; }

    /// <summary>Gets what its statements are to a runner.</summary>
    internal abstract StatementKinds Kinds { get; }

    /// <summary>Gets what to look for in a script, beside <see cref="LintRules.Common"/>.</summary>
    internal abstract IReadOnlyList<LintRule> LintRules { get; }

    /// <summary>Gets what its errors mean to a runner.</summary>
    internal abstract ServerErrors Errors { get; }

    /// <summary>Gets its words for the journal's table.</summary>
    internal abstract JournalSql JournalSql { get; }

    /// <summary>Gets a value indicating whether a transaction takes DDL back, so that a migration is all or nothing.</summary>
    internal abstract bool HasTransactionalDdl { get; }

    /// <summary>Gets a value indicating whether logins have rights that can be asked for without waiting for anybody.</summary>
    internal virtual bool HasRights => true;

    /// <summary>Gets what to look at in a server of this engine, beside what all have in common.</summary>
    internal abstract IReadOnlyList<DatabaseCheck> Checks { get; }

    /// <summary>Gets a question that is answered with 1 where the login may create tables; <see langword="null"/> where there is none.</summary>
    internal virtual string? MayCreateSql => null;

    /// <summary>Gets what a trial leaves behind though it is rolled back, for a person to know; <see langword="null"/> for nothing.</summary>
    internal virtual string? TrialCaveat => null;

    /// <summary>Completes a configured connection string.</summary>
    /// <param name="configured">As configured; <see langword="null"/> or empty where it is not.</param>
    /// <param name="root">The folder that a relative path is relative to.</param>
    /// <returns><see langword="null"/> where one is needed and none is configured.</returns>
    /// <exception cref="MigrationConfigurationException">It is none of this engine's.</exception>
    public virtual string? CompleteConnectionString(string? configured, string root) =>
        string.IsNullOrWhiteSpace(configured) ? null : configured;

    /// <summary>The name alone: an engine holds no secrets, and shows none.</summary>
    public sealed override string ToString() => Name;

    /// <summary>What a run works with.</summary>
    internal abstract MigrationDatabase Open(string connectionString, TimeProvider time);

    /// <summary>The same server's database of another name, for a trial where DDL cannot be taken back; <see langword="null"/> where it can.</summary>
    internal virtual string? ForScratch(string connectionString, string database) => null;
}

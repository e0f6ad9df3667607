namespace Buffkit.Migrations;

/// <summary>What statements of one engine are to a runner, read off their words.</summary>
internal abstract class StatementKinds
{
    /// <summary>What a statement is.</summary>
    public abstract StatementKind Of(Statement statement);

    /// <summary>Whether a statement may leave something in the session that outlives its transaction.</summary>
    public virtual bool Touches(Statement statement) => Of(statement) == StatementKind.Session;

    /// <summary>Whether a statement at the beginning or end of a script belongs outside of its transaction.</summary>
    public virtual bool StandsOutside(Statement statement) => false;

    /// <summary>Why a statement must not stand in a script, as what follows its name; <see langword="null"/> for all others.</summary>
    public virtual string? ReasonToRefuse(Statement statement) => null;
}

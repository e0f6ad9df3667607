namespace Buffkit.Migrations;

/// <summary>What a statement is to a runner that must know, after a crash, whether it took effect.</summary>
internal enum StatementKind
{
    /// <summary>Changes rows: goes into one transaction with its line in the journal.</summary>
    Data,

    /// <summary>Changes the schema.</summary>
    Schema,

    /// <summary>Changes the session only (SET, USE, PRAGMA): repeated when a script is resumed.</summary>
    Session,

    /// <summary>Refuses to run inside a transaction (CREATE INDEX CONCURRENTLY, VACUUM).</summary>
    Alone,

    /// <summary>BEGIN or START TRANSACTION.</summary>
    Begin,

    /// <summary>COMMIT.</summary>
    Commit,

    /// <summary>ROLLBACK of a whole transaction.</summary>
    Rollback,
}

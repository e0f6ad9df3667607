namespace Buffkit.Migrations;

/// <summary>What decides whether a script runs.</summary>
internal enum ScriptKind
{
    /// <summary><c>20260901120000_add_orders.up.sql</c>: once, in order of version.</summary>
    Versioned,

    /// <summary><c>repeatable/R__views.sql</c>: again whenever the file changed, after the versioned ones.</summary>
    Repeatable,

    /// <summary><c>seeds/development/orders.sql</c>: on request, and again whenever the file changed.</summary>
    Seed,
}

/// <summary>Which way a script leads.</summary>
internal enum Direction
{
    Up,
    Down,
}

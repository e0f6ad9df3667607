namespace Buffkit.Migrations;

/// <summary>What keeps the journal from being read or written.</summary>
internal enum JournalTrouble
{
    /// <summary>Nothing that is known.</summary>
    None,

    /// <summary>The login lacks a right.</summary>
    Right,

    /// <summary>The database, or the session, takes no writes.</summary>
    ReadOnly,

    /// <summary>The table is not as this release made it.</summary>
    Column,
}

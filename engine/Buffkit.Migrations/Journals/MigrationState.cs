namespace Buffkit.Migrations;

/// <summary>Where a migration stands in one database. The journal holds the names in lower case.</summary>
public enum MigrationState
{
    /// <summary>Not in the journal.</summary>
    Pending,

    /// <summary>Begun and not ended: it is running now, or its runner was killed.</summary>
    Applying,

    /// <summary>Done.</summary>
    Applied,

    /// <summary>A statement failed. Those counted as done remain; on PostgreSQL and SQLite that is none unless the script is <c>no-transaction</c>.</summary>
    Failed,

    /// <summary>Taken as done without running it.</summary>
    Baselined,

    /// <summary>The way down was begun and not ended.</summary>
    Reverting,

    /// <summary>A statement of the way down failed.</summary>
    RevertFailed,

    /// <summary>Undone; it will be applied again by the next <c>up</c>.</summary>
    Reverted,
}

internal static class MigrationStates
{
    /// <summary>Whether the migration counts as there, so that <c>up</c> leaves it alone and <c>down</c> may undo it.</summary>
    public static bool IsApplied(this MigrationState state) => state is MigrationState.Applied or MigrationState.Baselined;

    /// <summary>Whether it stopped between its first and its last statement, or may have.</summary>
    public static bool IsHalfway(this MigrationState state) =>
        state is MigrationState.Applying or MigrationState.Failed or MigrationState.Reverting or MigrationState.RevertFailed;

    public static bool IsDownward(this MigrationState state) =>
        state is MigrationState.Reverting or MigrationState.RevertFailed;

    public static string ToName(this MigrationState state) => state switch
    {
        MigrationState.RevertFailed => "revert_failed",
        _ => state.ToString().ToLowerInvariant(),
    };

    /// <returns><see langword="null"/> for what a newer release may have written.</returns>
    public static MigrationState? TryParse(string name)
    {
        foreach (var state in Enum.GetValues<MigrationState>())
        {
            if (state.ToName() == name)
            {
                return state;
            }
        }

        return null;
    }
}

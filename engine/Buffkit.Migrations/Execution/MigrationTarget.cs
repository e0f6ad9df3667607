namespace Buffkit.Migrations;

/// <summary>How far a command goes.</summary>
/// <param name="To">Up: the last version to apply. Down: the version to go back to, which stays.</param>
/// <param name="Steps">At most so many migrations.</param>
/// <param name="Only">Only these.</param>
internal sealed record MigrationTarget(ScriptVersion? To = null, int? Steps = null, IReadOnlySet<string>? Only = null)
{
    public static MigrationTarget All { get; } = new();

    /// <summary>Reads what a person wrote.</summary>
    /// <param name="folder">Where the names are.</param>
    /// <param name="to">A migration's name or number.</param>
    /// <param name="steps">At least 1.</param>
    /// <param name="allowZero">Whether <c>0</c> stands for before the first.</param>
    /// <exception cref="MigrationConfigurationException">There is no such migration, or not just one; or no such number of steps.</exception>
    public static MigrationTarget Of(ScriptFolder folder, string? to, int? steps, bool allowZero = false)
    {
        if (steps is < 1)
        {
            throw new MigrationConfigurationException("--steps must be at least 1.");
        }

        if (to is null)
        {
            return new MigrationTarget(Steps: steps);
        }

        // What an unset variable of a script leaves behind; taken for zero it would undo everything.
        if (string.IsNullOrWhiteSpace(to))
        {
            throw new MigrationConfigurationException("--to is empty. Name a migration or its number, or leave --to out.");
        }

        if (allowZero && to.All(digit => digit == '0'))
        {
            return new MigrationTarget(new ScriptVersion("0"), steps);
        }

        var found = folder.Migrations.Where(migration => migration.Kind == ScriptKind.Versioned && migration.IsNamed(to)).ToList();
        return found switch
        {
            [var one] => new MigrationTarget(one.Version, steps),
            [] => throw new MigrationConfigurationException($"No migration is named or numbered '{to}'. 'status' lists them."),
            _ => throw new MigrationConfigurationException($"'{to}' is the name of {string.Join(" and ", found.Select(m => m.Name))}. Write the full name."),
        };
    }
}

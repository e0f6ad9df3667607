namespace Buffkit.Migrations;

/// <summary>The engines as they are written in file names, directives and configuration.</summary>
internal static class EngineNames
{
    public static IReadOnlyList<string> All { get; } = ["sqlite", "postgres", "mysql"];

    public static string ToName(this MigrationEngine engine) => All[(int)engine];

    public static MigrationEngine? Parse(string name)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (string.Equals(All[i], name, StringComparison.OrdinalIgnoreCase))
            {
                return (MigrationEngine)i;
            }
        }

        return null;
    }
}

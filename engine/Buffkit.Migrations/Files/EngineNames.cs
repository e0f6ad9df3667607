namespace Buffkit.Migrations;

/// <summary>The engines that file names and directives may name, whether or not a program has them: scripts are written for several.</summary>
internal static class EngineNames
{
    /// <summary>Each with the end of its package's name.</summary>
    private static readonly Dictionary<string, string> Packages = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sqlite"] = "Sqlite",
        ["postgres"] = "Postgres",
        ["mysql"] = "MySql",
    };

    /// <summary>The name as it is written in file names; <see langword="null"/> if it is no engine's.</summary>
    public static string? Parse(string name) => Packages.ContainsKey(name) ? name.ToLowerInvariant() : null;

    public static string? PackageOf(string name) => Packages.GetValueOrDefault(name);
}

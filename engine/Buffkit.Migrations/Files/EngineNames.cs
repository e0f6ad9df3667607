namespace Buffkit.Migrations;

/// <summary>The engines that file names and directives may name, whether or not a program has them: scripts are written for several.</summary>
internal static class EngineNames
{
    /// <summary>Each with the end of its package's name.</summary>
    private static readonly OrderedDictionary<string, string> Packages = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sqlite"] = "Sqlite",
        ["postgres"] = "Postgres",
        ["mysql"] = "MySql",
    };

    /// <summary>Gets them for a message: <c>sqlite, postgres, mysql</c>.</summary>
    public static string Listed { get; } = string.Join(", ", Packages.Keys);

    /// <summary>Gets the part of a file's name that an engine may take, as a message writes it.</summary>
    public static string InFileNames { get; } = $"[{string.Join('|', Packages.Keys.Select(name => "." + name))}]";

    /// <summary>Gets the same as a pattern.</summary>
    public static string Pattern { get; } = $@"(?:\.(?<engine>{string.Join('|', Packages.Keys)}))?";

    /// <summary>The name as it is written in file names; <see langword="null"/> if it is no engine's.</summary>
    public static string? Parse(string name) => Packages.ContainsKey(name) ? name.ToLowerInvariant() : null;

    public static string? PackageOf(string name) => Packages.GetValueOrDefault(name);
}

namespace Buffkit.Migrations;

/// <summary>One change of the schema for one engine: the script up, and the script down if there is one.</summary>
internal sealed class Migration(ScriptName name, ScriptFile? up, ScriptFile? down)
{
    public string Name => name.Name;

    public ScriptKind Kind => name.Kind;

    public ScriptVersion Version => name.Version;

    /// <summary>Gets the file for this engine, or <see langword="null"/> if the migration is for others only.</summary>
    public ScriptFile? Up { get; } = up;

    public ScriptFile? Down { get; } = down;

    public IReadOnlyList<string> Depends => Up?.Header.Depends ?? [];

    /// <summary>Gets the part of the name after the number, by which people refer to it.</summary>
    public string ShortName => Kind == ScriptKind.Versioned ? Name[(Name.IndexOf('_', StringComparison.Ordinal) + 1)..] : Name;

    /// <summary>Whether someone who wrote <paramref name="reference"/> meant this one: full name, short name or number.</summary>
    public bool IsNamed(string reference) =>
        string.Equals(reference, Name, StringComparison.OrdinalIgnoreCase)
        || string.Equals(reference, ShortName, StringComparison.OrdinalIgnoreCase)
        || (Kind == ScriptKind.Versioned && reference.All(char.IsAsciiDigit) && reference.Length > 0
            && new ScriptVersion(reference).CompareTo(Version) == 0);
}

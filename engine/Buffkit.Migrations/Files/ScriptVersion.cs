namespace Buffkit.Migrations;

/// <summary>The number before the first underscore of a file name. Compared as a number, of any length: 9 comes before 10.</summary>
internal readonly record struct ScriptVersion : IComparable<ScriptVersion>
{
    private readonly string? _digits;

    public ScriptVersion(string digits) => _digits = digits.TrimStart('0');

    private string Digits => _digits ?? "";

    public int CompareTo(ScriptVersion other)
    {
        var byLength = Digits.Length.CompareTo(other.Digits.Length);
        return byLength != 0 ? byLength : string.CompareOrdinal(Digits, other.Digits);
    }

    public override string ToString() => Digits.Length == 0 ? "0" : Digits;
}

namespace Buffkit.Migrations;

/// <summary>One file: its text, its checksum, its directives.</summary>
internal sealed class ScriptFile
{
    private readonly ScriptText _text;

    private ScriptScan? _scan;

    private ScriptFile(string path, ScriptName name, ScriptText text, ScriptHeader header)
    {
        Path = path;
        Name = name;
        _text = text;
        Header = header;
    }

    /// <summary>Gets the path relative to the scripts' folder, with <c>/</c> on every machine.</summary>
    public string Path { get; }

    public ScriptName Name { get; }

    public ScriptHeader Header { get; }

    /// <summary>Gets the SHA-256 of the text with lines ended by LF; what runs is the text as it is, since a line end may be part of a string.</summary>
    public string Checksum => _text.Checksum;

    /// <summary>Reads a file, its directives by the rules of an engine; what is wrong with it goes to <paramref name="problems"/>.</summary>
    public static ScriptFile? Read(string path, string relativePath, ScriptName name, SqlDialect dialect, ICollection<ScriptProblem> problems)
    {
        if (ScriptText.Read(path, relativePath, problems) is not { } text)
        {
            return null;
        }

        var header = ScriptHeaderParser.Parse(text.Head, dialect, (line, message, isError) =>
            problems.Add(new ScriptProblem(ProblemKind.Parse, relativePath, message, isError, line)));
        return new ScriptFile(relativePath, name, text, header);
    }

    /// <summary>Reads the text for an engine; only once, since a script of data can be long.</summary>
    public ScriptScan Scan(MigrationEngine engine) => _scan ??= _text.Scan(engine.Dialect);

    /// <summary>The statements for an engine.</summary>
    /// <exception cref="ScriptSyntaxException">The text cannot be split.</exception>
    public IReadOnlyList<Statement> Statements(MigrationEngine engine) =>
        Scan(engine) is { Error: { } error } ? throw new ScriptSyntaxException(error.Line, error.Message) : Scan(engine).Statements;

    /// <summary>The SHA-256 of a text with every line ended by LF.</summary>
    public static string ChecksumOf(string text) => TextHash.Of(text);
}

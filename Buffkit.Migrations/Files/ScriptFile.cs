using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Migrations;

/// <summary>One file: its text, its checksum, its directives.</summary>
internal sealed class ScriptFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private IReadOnlyList<Statement>? _statements;

    private ScriptFile(string path, ScriptName name, string text, ScriptHeader header)
    {
        Path = path;
        Name = name;
        Text = text;
        Header = header;
        Checksum = ChecksumOf(WithLineFeeds(text));
    }

    /// <summary>Gets the path relative to the scripts' folder, with <c>/</c> on every machine.</summary>
    public string Path { get; }

    public ScriptName Name { get; }

    /// <summary>Gets the text without byte order mark, and otherwise as it stands in the file: a line end may be part of a string.</summary>
    public string Text { get; }

    public ScriptHeader Header { get; }

    /// <summary>Gets the SHA-256 of <see cref="Text"/> with lines ended by LF, so that an editor's or Git's line ends change nothing.</summary>
    public string Checksum { get; }

    /// <summary>Reads a file; what is wrong with it goes to <paramref name="problems"/>.</summary>
    public static ScriptFile? Read(string path, string relativePath, ScriptName name, ICollection<ScriptProblem> problems)
    {
        if (ReadText(path, relativePath, problems) is not { } text)
        {
            return null;
        }

        var header = ScriptHeaderParser.Parse(text, (line, message, isError) =>
            problems.Add(new ScriptProblem(ProblemKind.Parse, relativePath, message, isError, line)));
        return new ScriptFile(relativePath, name, text, header);
    }

    /// <summary>Reads a file's text without its byte order mark; why it cannot be read goes to <paramref name="problems"/>.</summary>
    public static string? ReadText(string path, string relativePath, ICollection<ScriptProblem> problems)
    {
        string text;
        try
        {
            using var reader = new StreamReader(path, StrictUtf8, detectEncodingFromByteOrderMarks: true);
            text = reader.ReadToEnd().TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            problems.Add(ScriptProblem.Error(ProblemKind.Parse, relativePath, "The file is not UTF-8. Save it as UTF-8."));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(ScriptProblem.Error(ProblemKind.Parse, relativePath, $"The file cannot be read: {e.Message}"));
            return null;
        }

        if (!text.Contains('\n', StringComparison.Ordinal) && text.TrimEnd().Contains('\r', StringComparison.Ordinal))
        {
            // To a server that is one line, and a comment in it would swallow the rest.
            problems.Add(ScriptProblem.Error(
                ProblemKind.Parse, relativePath, "Its lines end in CR alone. Save the file with LF or CRLF.", line: 1));
            return null;
        }

        return text;
    }

    /// <summary>Splits the text for an engine; only once, since a script of data can be long.</summary>
    /// <exception cref="ScriptSyntaxException">The text cannot be split.</exception>
    public IReadOnlyList<Statement> Statements(MigrationEngine engine) =>
        _statements ??= StatementSplitter.Split(Text, SqlDialect.Of(engine));

    public static string ChecksumOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The text with every line ended by LF, which is what checksums are of.</summary>
    public static string WithLineFeeds(string text) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
}

using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Finds what other migration tools write into comments.</summary>
/// <remarks>
/// To a server these lines are nothing, so the part below "Down", which takes the table away again, would run together with the
/// part above it. Only a comment that begins a line counts: the same text in a string or in a routine's body is data.
/// </remarks>
internal static partial class ForeignMarkers
{
    /// <summary>The groups of <see cref="Marker"/>: the tool, and the name that <c>import --from</c> knows it by.</summary>
    private static readonly (string Group, string Tool, string? From)[] Tools =
    [
        ("goose", "goose", "goose"),
        ("dbmate", "dbmate", "dbmate"),
        ("sqlmigrate", "sql-migrate", "sql-migrate"),
        ("evolve", "Evolve", "evolve"),
        ("liquibase", "Liquibase", null),
        ("atlas", "Atlas", null),
        ("tern", "tern", null),
        ("play", "Play's evolutions", null),
        ("undo", "MyBatis Migrations or dbdeploy", null),
        ("other", "another migration tool", null),
    ];

    /// <summary>The first marker of another tool, as what is wrong with the file.</summary>
    /// <param name="path">The file, as problems name it.</param>
    /// <param name="text">What stands in it.</param>
    /// <param name="direction">A heading such as "Down" is one of ours in a file that leads down.</param>
    /// <param name="dialect">The rules by which a comment is one.</param>
    public static ScriptProblem? Find(string path, string text, Direction direction, SqlDialect dialect)
    {
        HashSet<int>? comments = null;
        foreach (Match match in Marker().Matches(text))
        {
            if (match.Groups["heading"].Success && direction == Direction.Down)
            {
                continue;
            }

            comments ??= StatementSplitter.LineComments(text, dialect);
            if (comments.Contains(match.Groups["line"].Index) && (!match.Groups["heading"].Success || Divides(text, match, dialect)))
            {
                return ScriptProblem.Error(
                    ProblemKind.Parse, path, Message(match), line: text.AsSpan(0, match.Groups["line"].Index).Count('\n') + 1);
            }
        }

        return null;
    }

    /// <summary>The same for a file whose name is none of ours.</summary>
    public static ScriptProblem? FindInFile(string file, string path, SqlDialect dialect) =>
        ScriptFile.ReadText(file, path, []) is { } text ? Find(path, text, Direction.Down, dialect) : null;

    /// <summary>"Down" as a heading, as node-pg-migrate and many scripts of one's own have it, counts between statements only.</summary>
    private static bool Divides(string text, Match match, SqlDialect dialect) =>
        HasStatements(text[..match.Index], dialect) && HasStatements(text[(match.Index + match.Length)..], dialect);

    private static bool HasStatements(string text, SqlDialect dialect)
    {
        try
        {
            return StatementSplitter.Split(text, dialect).Count > 0;
        }
        catch (ScriptSyntaxException)
        {
            return true;
        }
    }

    private static string Message(Match match)
    {
        var line = match.Groups["line"].Value.TrimEnd();
        if (match.Groups["heading"].Success)
        {
            return $"'{line}' begins a part that undoes, and to the server it is a comment: this part would run as well. Move the part into the .down.sql file of the same name, or reword the comment.";
        }

        var (_, tool, from) = Tools.First(candidate => match.Groups[candidate.Group].Success);
        return $"'{line}' is a marker of {tool}, and to the server it is a comment: parts that undo would run as well. "
            + (from is null
                ? "Put what undoes into the .down.sql file of the same name, say the rest with directives of ours, and remove the markers."
                : $"Convert the folder that the file comes from with 'import FOLDER --from {from}', or put what undoes into the .down.sql file of the same name and remove the markers.");
    }

    [GeneratedRegex(
        """
        ^[ \t]*(?<line>(?:
            (?<goose>--[ \t]*\+goose\b)
          | (?<sqlmigrate>--[ \t]*\+migrate\b)
          | (?<dbmate>--[ \t]*migrate:(?:up|down)\b)
          | (?<evolve>--[ \t]*evolve-(?:tx-off|repeat-always|repeatable-deps)\b)
          | (?<liquibase>--[ \t]*liquibase[ \t]+formatted[ \t]+sql\b | --[ \t]*changeset[ \t]+\S+:\S | --rollback[ \t]+\S)
          | (?<atlas>--[ \t]*atlas:(?:txmode|delimiter|txtar|checkpoint|import)\b)
          | (?<tern>--+[ \t]*create[ ]above[ ]/[ ]drop[ ]below\b)
          | (?<play>(?:\#|--)[ \t-]*!(?:ups|downs)\b)
          | (?<undo>--[ \t]*//[ \t]*@undo\b)
          | (?<other>--[ \t]*(?:\+\w+|rambler)[ \t]+(?:up|down)\b)
          | (?<heading>(?:\#|--)[ \t\#=*>@!:\[(-]*(?:down|undo|rollback|revert|migrate[ _-]?down)(?:[ _-](?:migration|script|part|section|sql))?[ \t\#=*<!:\])-]*(?=\r?$))
        )[^\r\n]*)
        """,
        RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Marker();
}

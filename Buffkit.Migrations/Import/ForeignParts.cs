using System.Text;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Divides a file at the comments by which its tool divides it; line by line, as the tools do.</summary>
internal sealed partial class ForeignParts(string tool, SqlDialect dialect, Action<int, string> refuse)
{
    private readonly StringBuilder _up = new();
    private readonly StringBuilder _down = new();
    private readonly StringBuilder _block = new();
    private StringBuilder? _part;
    private int _blockLine;

    public string Up => _up.ToString();

    public string Down => _down.ToString();

    public bool UpWithoutTransaction { get; private set; }

    public bool DownWithoutTransaction { get; private set; }

    public void Read(string sql)
    {
        var divided = tool is "goose" or "dbmate" or "sql-migrate";
        _part = divided ? null : _up;
        var number = 0;
        foreach (var line in sql.Split('\n'))
        {
            number++;
            if (Mark().Match(line) is { Success: true } match)
            {
                Command(number, match.Groups["tool"].Value.ToLowerInvariant(), match.Groups["words"].Value.Trim());
            }
            else if (_blockLine > 0)
            {
                _block.Append(line).Append('\n');
            }
            else if (_part is { } part)
            {
                part.Append(line).Append('\n');
            }
            else if (line.Trim() is { Length: > 0 } text && !text.StartsWith("--", StringComparison.Ordinal))
            {
                refuse(number, $"This stands before the part that goes up, where {tool} runs nothing. Move it into the part, or remove it.");
            }
        }

        if (_blockLine > 0)
        {
            refuse(_blockLine, "StatementBegin has no StatementEnd.");
        }

        if (divided && _up.Length == 0)
        {
            refuse(1, $"There is no part of {tool} that goes up.");
        }
    }

    private void Command(int line, string mark, string words)
    {
        var expected = tool switch { "goose" => "+goose", "sql-migrate" => "+migrate", "dbmate" => "migrate:", "evolve" => "evolve-", _ => "" };
        switch (mark == expected ? $"{mark} {string.Join(' ', words.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}" : "")
        {
            case "+goose up" or "+migrate up" or "migrate: up" or "migrate: up transaction:true":
                Begin(_up, line);
                break;
            case "+migrate up notransaction" or "migrate: up transaction:false":
                Begin(_up, line);
                UpWithoutTransaction = true;
                break;
            case "+goose down" or "+migrate down" or "migrate: down" or "migrate: down transaction:true":
                Begin(_down, line);
                break;
            case "+migrate down notransaction" or "migrate: down transaction:false":
                Begin(_down, line);
                DownWithoutTransaction = true;
                break;
            case "+goose no transaction":
                UpWithoutTransaction = DownWithoutTransaction = true;
                break;
            case "evolve- tx-off":
                UpWithoutTransaction = true;
                break;
            case "+goose envsub off":
                break;
            case "+goose statementbegin" or "+migrate statementbegin" when _part is not null && _blockLine == 0:
                _blockLine = line;
                break;
            case "+goose statementend" or "+migrate statementend" when _blockLine > 0:
                EndBlock();
                break;
            default:
                refuse(line, $"'{mark}{(mark.EndsWith(':') || mark.EndsWith('-') ? "" : " ")}{words}' cannot be converted from {tool} here. Write out what it stands for, or remove it.");
                break;
        }
    }

    private void Begin(StringBuilder part, int line)
    {
        if (_blockLine > 0 || part.Length > 0 || (part == _up && _part is not null))
        {
            refuse(line, "A part begins here that cannot: a file has one that goes up, then one that goes down.");
        }

        _part = part;
    }

    /// <summary>The tool sends the block as it is; so must we, or it is refused.</summary>
    private void EndBlock()
    {
        var text = _block.ToString();
        if (!IsOne(text))
        {
            if (dialect.DelimiterCommand && !text.Contains("$$", StringComparison.Ordinal))
            {
                text = $"DELIMITER $$\n{text.TrimEnd().TrimEnd(';')}\n$$\nDELIMITER ;\n";
            }
            else
            {
                refuse(_blockLine, "This block would be several statements here. Divide it into one block for each, or write them outside of it.");
            }
        }
        else if (!text.TrimEnd().EndsWith(';'))
        {
            text = text.TrimEnd() + "\n;\n";
        }

        _part!.Append(text);
        _block.Clear();
        _blockLine = 0;
    }

    private bool IsOne(string text)
    {
        try
        {
            return StatementSplitter.Split(text, dialect).Count <= 1;
        }
        catch (ScriptSyntaxException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^\s*--\s*(?<tool>\+goose|\+migrate|migrate:|evolve-)(?<words>.*?)\r?$", RegexOptions.IgnoreCase)]
    private static partial Regex Mark();
}

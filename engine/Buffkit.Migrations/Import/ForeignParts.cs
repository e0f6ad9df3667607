using System.Text;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Divides a file at the comments by which its tool divides it; line by line, as the tools do.</summary>
internal sealed partial class ForeignParts(string tool, SqlDialect dialect, Action<int, string> refuse)
{
    private readonly StringBuilder _up = new();
    private readonly StringBuilder _down = new();
    private readonly StringBuilder _block = new();
    private readonly List<(int Line, bool Up)> _several = [];
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

        RefuseSeveralWithoutTransaction();
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

    /// <summary>The tool sends a block as it is. Several statements in one are the same one after the other, if a transaction holds them.</summary>
    private void EndBlock()
    {
        var text = _block.ToString();
        var count = Count(text);
        if (dialect.DelimiterCommand && count != 1 && Routine().IsMatch(text) && !text.Contains("$$", StringComparison.Ordinal))
        {
            text = $"DELIMITER $$\n{text.TrimEnd().TrimEnd(';')}\n$$\nDELIMITER ;\n";
        }
        else if (count < 0)
        {
            refuse(_blockLine, "This block cannot be divided into statements here. Close what is open in it, or write it with what our files know.");
        }
        else if (!text.TrimEnd().EndsWith(';'))
        {
            text = text.TrimEnd() + "\n;\n";
        }

        if (count > 1)
        {
            _several.Add((_blockLine, _part == _up));
        }

        _part!.Append(text);
        _block.Clear();
        _blockLine = 0;
    }

    private void RefuseSeveralWithoutTransaction()
    {
        foreach (var (line, _) in _several.Where(block => block.Up ? UpWithoutTransaction : DownWithoutTransaction))
        {
            refuse(line, "This block has several statements that take effect together, and the file has no transaction. Give each its own block.");
        }
    }

    /// <summary>How many statements the text is; less than none if it cannot be divided.</summary>
    private int Count(string text)
    {
        try
        {
            return StatementSplitter.Split(text, dialect).Count;
        }
        catch (ScriptSyntaxException)
        {
            return -1;
        }
    }

    [GeneratedRegex(@"^\s*CREATE\b[^;(]*\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Routine();

    [GeneratedRegex(@"^\s*--\s*(?<tool>\+goose|\+migrate|migrate:|evolve-)(?<words>.*?)\r?$", RegexOptions.IgnoreCase)]
    private static partial Regex Mark();
}

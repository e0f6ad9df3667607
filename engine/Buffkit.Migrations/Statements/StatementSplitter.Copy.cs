using System.Buffers;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>The data after PostgreSQL's <c>COPY … FROM stdin</c>.</summary>
internal sealed partial class StatementSplitter
{
    /// <summary>A line of data that may be the mark at its end.</summary>
    private const string MarkBegins = "\n\\.";

    private bool _copyPending;

    private void NoteCopy(Statement statement)
    {
        if (!_dialect.CopyData || !statement.Text.StartsWith("COPY", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (CopyFromStdin().IsMatch(statement.Bare))
        {
            _copyPending = true;
        }
        else if (CopyToStdout().IsMatch(statement.Bare))
        {
            throw new ScriptSyntaxException(statement.Line, "COPY … TO STDOUT sends data to a client, and nobody reads it here. Remove the statement.");
        }
    }

    /// <summary>Reads past the data of a COPY that has just ended.</summary>
    private Statement WithCopyData(Statement statement)
    {
        if (!_copyPending)
        {
            return statement;
        }

        _copyPending = false;
        while (LineEnd() < 0 && !_last)
        {
            ReadOn();
        }

        Position = LineEnd() is var end and >= 0 ? end + 1 : Sql.Length;
        var from = Position;
        var start = ByteAt(Position);
        var mark = EndOfCopyData().Match(Sql, Position);
        while (!_last && (!mark.Success || mark.Index + mark.Length == Sql.Length))
        {
            if (mark.Success || Sql.Length - Position < MarkBegins.Length)
            {
                // The line may go on.
                Position = mark.Success ? mark.Index : Position;
                ReadOn();
            }
            else
            {
                ReadToNextMark();
            }

            mark = EndOfCopyData().Match(Sql, Position);
        }

        if (!mark.Success)
        {
            throw new ScriptSyntaxException(statement.Line, "The data of COPY … FROM stdin does not end with a line of '\\.'.");
        }

        var length = ByteAt(mark.Index) - start;
        Position = mark.Index + mark.Length;
        return statement with
        {
            CopyData = _text is { } text ? text.Part(start, length) : CopyData.Of(Sql[from..mark.Index]),
        };

        int LineEnd() => Sql.IndexOf('\n', Math.Min(Position, Sql.Length));
    }

    /// <summary>Moves the window to the next line that may be the mark, without keeping what lies between: it may be gigabytes.</summary>
    private void ReadToNextMark()
    {
        var buffer = ArrayPool<char>.Shared.Rent(Chunk);
        try
        {
            // The mark may begin where the window ends.
            var kept = KeepTail(Sql.AsSpan(Position));
            Position = Sql.Length - kept;
            (_windowLine, _windowByte) = (LineAt(Position), ByteAt(Position));
            Sql.AsSpan(Position).CopyTo(buffer);
            while (true)
            {
                var read = _reader!.ReadBlock(buffer, kept, Chunk - kept);
                _last = read < Chunk - kept;
                var text = buffer.AsSpan(0, kept + read);
                _lines = _windowLine;
                RefuseNul(text);
                var mark = text.IndexOf(MarkBegins);
                var passed = mark >= 0 ? mark + 1 : _last ? text.Length : text.Length - KeepTail(text);
                _windowLine += text[..passed].Count('\n');
                _windowByte += _text!.Encoding.GetByteCount(text[..passed]);
                if (mark >= 0 || _last)
                {
                    _lexer.Restart(text[passed..].ToString(), 0);
                    (_item, _countedTo) = (0, 0);
                    (_lines, _bytes, _windowBeginsInsideLine) = (_windowLine, _windowByte, false);
                    return;
                }

                kept = text.Length - passed;
                text[passed..].CopyTo(buffer);
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>How many characters at the end may belong to what comes next: two of the mark, and never half of a surrogate pair.</summary>
    private static int KeepTail(ReadOnlySpan<char> text)
    {
        var tail = Math.Min(MarkBegins.Length - 1, text.Length);
        return tail < text.Length && char.IsLowSurrogate(text[^tail]) ? tail + 1 : tail;
    }

    [GeneratedRegex(@"^COPY\s.*\sFROM\s+STDIN\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex CopyFromStdin();

    [GeneratedRegex(@"^COPY\s.*\sTO\s+STDOUT\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex CopyToStdout();

    [GeneratedRegex(@"^\\\.[ \t]*(?:\r?\n|\z)", RegexOptions.Multiline)]
    private static partial Regex EndOfCopyData();
}

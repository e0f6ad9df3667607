using System.Buffers;

namespace Buffkit.Migrations;

/// <summary>The part of a large script that is in memory: what is under way, and some text after it.</summary>
/// <remarks>
/// Where the window ends inside a statement, the statement is read again from its beginning in a window twice as large. So the
/// lexer never has to stop inside a token, and a script of any size costs as much memory as its largest statement.
/// </remarks>
internal sealed partial class StatementSplitter
{
    /// <summary>A string of so many is not yet a large object to the garbage collector.</summary>
    private const int DefaultChunk = 32 * 1024;

    /// <summary>No decision looks further ahead than this, unless it looks for the end of a line or a quote.</summary>
    private const int LookAhead = 512;

    private readonly TextReader? _reader;
    private readonly ScriptText? _text;

    private bool _last;

    /// <summary>Where the statement, comment or command begins that is being read.</summary>
    private int _item;

    /// <summary>Of the window's first character.</summary>
    private int _windowLine = 1;
    private long _windowByte;
    private bool _windowBeginsInsideLine;

    /// <summary>Up to where lines and bytes have been counted: scripts of many thousand statements are common.</summary>
    private int _countedTo;
    private int _lines = 1;
    private long _bytes;

    /// <summary>Reads a text as it goes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="reader">At its beginning.</param>
    /// <param name="dialect">The rules by which it reads.</param>
    public StatementSplitter(ScriptText text, TextReader reader, SqlDialect dialect)
        : this("", dialect)
    {
        _last = false;
        _text = text;
        _reader = reader;
    }

    /// <summary>Gets how many characters are read at a time, at least 16.</summary>
    internal int Chunk { private get; init; } = DefaultChunk;

    /// <summary>Gets where the last statement stood.</summary>
    public StatementPlace Place { get; private set; }

    /// <summary>Makes sure of enough text after the position.</summary>
    /// <returns>Whether there is any.</returns>
    private bool IsFilled()
    {
        while (!_last && Position > Sql.Length - LookAhead)
        {
            // From the beginning of the item, because it may have been read wrongly where the text broke off.
            Forget();
            ForgetMarks();
            Position = _item;
            ReadOn();
        }

        return Position < Sql.Length;
    }

    private void ItemBegins()
    {
        _item = Position;
        KeepMarks();
    }

    /// <summary>Lets go of what is before the position, and reads as much again as there is.</summary>
    private void ReadOn()
    {
        _windowBeginsInsideLine = !BeginsLine();
        (_windowLine, _windowByte) = (LineAt(Position), ByteAt(Position));
        _countedTo = 0;
        var kept = Sql.AsSpan(Position);
        var wanted = Math.Max(Chunk - kept.Length, kept.Length);
        var buffer = ArrayPool<char>.Shared.Rent(wanted);
        try
        {
            var read = _reader!.ReadBlock(buffer, 0, wanted);
            _last = read < wanted;
            _lexer.Restart(string.Concat(kept, buffer.AsSpan(0, read)), 0);
            _item = 0;
            RefuseNul(Sql);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    private void NotePlace(int start, string text) =>
        Place = _text is null ? default : new StatementPlace(ByteAt(start), _text.Encoding.GetByteCount(text), LineAt(start));

    private bool BeginsLine()
    {
        var before = Sql.AsSpan(0, Position);
        var feed = before.LastIndexOf('\n');
        return before[(feed + 1)..].IsWhiteSpace() && (feed >= 0 || !_windowBeginsInsideLine);
    }

    private int LineAt(int position)
    {
        CountTo(position);
        return _lines;
    }

    private long ByteAt(int position)
    {
        CountTo(position);
        return _bytes;
    }

    private void CountTo(int position)
    {
        if (position < _countedTo)
        {
            (_countedTo, _lines, _bytes) = (0, _windowLine, _windowByte);
        }

        var counted = Sql.AsSpan(_countedTo, position - _countedTo);
        _lines += counted.Count('\n');
        _bytes += _text?.Encoding.GetByteCount(counted) ?? 0;
        _countedTo = position;
    }
}

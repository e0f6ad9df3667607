namespace Buffkit.Migrations;

/// <summary>Follows the blocks in the definition of a routine or trigger, where semicolons do not end the statement.</summary>
/// <remarks>
/// <c>BEGIN … END</c> and <c>CASE … END</c> everywhere. MySQL's <c>IF</c>, <c>LOOP</c>, <c>REPEAT</c> and <c>WHILE</c> may be the
/// whole body too; they count where a statement begins, because elsewhere IF and REPEAT are functions, and <c>IF EXISTS</c> is no block.
/// </remarks>
internal sealed class CompoundBlock(SqlDialect dialect)
{
    private readonly Stack<Block> _blocks = new();
    private readonly BodyStart _body = new();
    private int _words;
    private bool _create;
    private bool _objectKnown;
    private bool _statementBegins;
    private string _previous = "";

    /// <summary>END was read, and the next word decides what it closed.</summary>
    private bool _endPending;

    private enum Block
    {
        Begin,
        CaseExpression,
        CaseStatement,
        If,
        Loop,
        Repeat,
        While,
    }

    public bool IsOpen => _blocks.Count > 0;

    /// <summary>Gets a value indicating whether the statement defines an object that may hold a block.</summary>
    public bool IsCompoundObject { get; private set; }

    /// <param name="word">The word.</param>
    /// <param name="afterDot">Whether it is the second half of a name.</param>
    /// <param name="depth">How many parentheses are open.</param>
    public void Word(ReadOnlySpan<char> word, bool afterDot, int depth)
    {
        _words++;
        if (_words == 1)
        {
            _create = Is(word, "CREATE");
        }
        else if (_create && !_objectKnown)
        {
            Header(word);
        }
        else if (IsCompoundObject && !afterDot)
        {
            Body(word, depth);
            _previous = Is(word, "BEGIN") ? "BEGIN" : "";
        }
    }

    /// <summary>Anything but a word follows: an END before it was not the first half of END IF.</summary>
    public void Punctuation(char c)
    {
        CloseBegin();
        // A label is followed by its statement.
        _statementBegins = c is ';' or ':' && _blocks.Count > 0;
        _body.Punctuation();
    }

    public void Reset()
    {
        _words = 0;
        _create = _objectKnown = IsCompoundObject = _endPending = _statementBegins = false;
        _blocks.Clear();
        _body.Reset();
        _previous = "";
    }

    private void Header(ReadOnlySpan<char> word)
    {
        foreach (var compound in dialect.CompoundObjects)
        {
            if (Is(word, compound))
            {
                _objectKnown = IsCompoundObject = true;
                _body.Object(compound);
                return;
            }
        }

        _objectKnown = Is(word, "TABLE") || Is(word, "VIEW") || Is(word, "INDEX") || Is(word, "USER")
            || Is(word, "DATABASE") || Is(word, "SCHEMA") || Is(word, "TYPE") || Is(word, "SEQUENCE");
    }

    private void Body(ReadOnlySpan<char> word, int depth)
    {
        var begins = dialect.FlowBlocks && (_blocks.Count > 0 ? _statementBegins : _body.BeginsWith(word, depth));
        _statementBegins = false;
        if (_endPending && Flow(word) is { } closed)
        {
            _endPending = false;
            Close(closed);
            return;
        }

        CloseBegin();
        if (Is(word, "BEGIN"))
        {
            if (dialect.AtomicBlocks)
            {
                return;
            }

            Open(Block.Begin);
        }
        else if (Is(word, "ATOMIC") && dialect.AtomicBlocks && _previous == "BEGIN")
        {
            Open(Block.Begin);
        }
        else if (begins && Flow(word) is { } flow)
        {
            Open(flow);
        }
        else if (Is(word, "CASE") && _blocks.Count > 0)
        {
            Open(Block.CaseExpression);
        }
        else if (Is(word, "END") && _blocks.Count > 0)
        {
            _endPending = true;
        }
        else if (_blocks.TryPeek(out var inner))
        {
            _statementBegins = (inner is Block.If or Block.CaseStatement && (Is(word, "THEN") || Is(word, "ELSE")))
                || (inner == Block.While && Is(word, "DO"));
        }
    }

    private void Open(Block block)
    {
        _blocks.Push(block);
        _statementBegins = block is Block.Begin or Block.Loop or Block.Repeat;
    }

    /// <summary>END IF and the like. What was not seen to begin is not taken for the end of something else.</summary>
    private void Close(Block block)
    {
        if (_blocks.TryPeek(out var open)
            && (open == block || (block == Block.CaseStatement && open == Block.CaseExpression)))
        {
            _blocks.Pop();
        }
    }

    /// <summary>An END alone.</summary>
    private void CloseBegin()
    {
        if (!_endPending)
        {
            return;
        }

        _endPending = false;
        while (_blocks.TryPop(out var block) && block is not (Block.Begin or Block.CaseExpression))
        {
            // A block that was taken for one by mistake ends with the one around it.
        }
    }

    private static Block? Flow(ReadOnlySpan<char> word) =>
        Is(word, "IF") ? Block.If
        : Is(word, "LOOP") ? Block.Loop
        : Is(word, "REPEAT") ? Block.Repeat
        : Is(word, "WHILE") ? Block.While
        : Is(word, "CASE") ? Block.CaseStatement
        : null;

    private static bool Is(ReadOnlySpan<char> word, string keyword) =>
        word.Equals(keyword, StringComparison.OrdinalIgnoreCase);
}

namespace Buffkit.Migrations;

/// <summary>Follows <c>BEGIN … END</c> inside the definition of a routine or trigger, where semicolons do not end the statement.</summary>
/// <remarks>
/// Only BEGIN and CASE are counted, because both end with END. IF, LOOP, REPEAT and WHILE end with two words (END IF),
/// and counting IF would take MySQL's function IF() for a block.
/// </remarks>
internal sealed class CompoundBlock(SqlDialect dialect)
{
    private int _words;
    private bool _create;
    private bool _objectKnown;
    private int _depth;
    private string _previous = "";

    public bool IsOpen => _depth > 0 || _endPending;

    /// <summary>Gets a value indicating whether the statement defines an object that may hold a block.</summary>
    public bool IsCompoundObject { get; private set; }

    /// <summary>END was read, and the next word decides what it closed.</summary>
    private bool _endPending;

    public void Word(ReadOnlySpan<char> word, bool afterDot)
    {
        _words++;
        if (_words == 1)
        {
            _create = Is(word, "CREATE");
            return;
        }

        if (!_create)
        {
            return;
        }

        if (!_objectKnown)
        {
            Header(word);
            return;
        }

        if (!IsCompoundObject || afterDot)
        {
            return;
        }

        Body(word);
        _previous = Is(word, "BEGIN") ? "BEGIN" : "";
    }

    /// <summary>Anything but a word follows: an END before it was not the first half of END IF.</summary>
    public void Punctuation()
    {
        if (_endPending)
        {
            _endPending = false;
            _depth--;
        }
    }

    public void Reset()
    {
        _words = 0;
        _create = _objectKnown = IsCompoundObject = _endPending = false;
        _depth = 0;
        _previous = "";
    }

    private void Header(ReadOnlySpan<char> word)
    {
        foreach (var compound in dialect.CompoundObjects)
        {
            if (Is(word, compound))
            {
                _objectKnown = IsCompoundObject = true;
                return;
            }
        }

        _objectKnown = Is(word, "TABLE") || Is(word, "VIEW") || Is(word, "INDEX") || Is(word, "USER")
            || Is(word, "DATABASE") || Is(word, "SCHEMA") || Is(word, "TYPE") || Is(word, "SEQUENCE");
    }

    private void Body(ReadOnlySpan<char> word)
    {
        if (_endPending)
        {
            _endPending = false;
            if (Is(word, "IF") || Is(word, "LOOP") || Is(word, "REPEAT") || Is(word, "WHILE"))
            {
                return;
            }

            _depth--;
            if (Is(word, "CASE"))
            {
                return;
            }
        }

        if (Is(word, "BEGIN"))
        {
            _depth += dialect.AtomicBlocks ? 0 : 1;
        }
        else if (Is(word, "ATOMIC") && dialect.AtomicBlocks && _previous == "BEGIN")
        {
            _depth++;
        }
        else if (Is(word, "CASE") && _depth > 0)
        {
            _depth++;
        }
        else if (Is(word, "END") && _depth > 0)
        {
            _endPending = true;
        }
    }

    private static bool Is(ReadOnlySpan<char> word, string keyword) =>
        word.Equals(keyword, StringComparison.OrdinalIgnoreCase);
}

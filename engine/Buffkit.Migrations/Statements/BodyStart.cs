namespace Buffkit.Migrations;

/// <summary>Finds where the body of a MySQL routine, trigger or event begins.</summary>
/// <remarks>
/// <see href="https://dev.mysql.com/doc/refman/8.4/en/create-trigger.html"/> and its neighbours. The body of a trigger comes after
/// FOR EACH ROW and an order, that of an event after DO, that of a routine after its parameters and characteristics. In what stands
/// before it, no word is one that a statement can begin with, other than the exceptions in <see cref="BeginsWith"/>.
/// </remarks>
internal sealed class BodyStart
{
    private static readonly HashSet<string> Simple = new(StringComparer.OrdinalIgnoreCase)
    {
        "ALTER", "ANALYZE", "CALL", "CREATE", "DELETE", "DO", "DROP", "EXECUTE", "FLUSH", "GRANT", "INSERT", "KILL", "LOAD", "LOCK",
        "OPTIMIZE", "PREPARE", "RENAME", "REPLACE", "RESIGNAL", "RETURN", "REVOKE", "ROLLBACK", "SELECT", "SET", "SIGNAL", "TABLE",
        "TRUNCATE", "UPDATE", "VALUES", "WITH",
    };

    private string _object = "";
    private string _previous = "";
    private State _state;

    private enum State
    {
        Header,
        Awaited,
        Passed,
    }

    public void Object(string compound) => _object = compound;

    /// <summary>Whether a word is the first of the body.</summary>
    /// <param name="word">The word.</param>
    /// <param name="depth">How many parentheses are open; those of the parameters hold types.</param>
    public bool BeginsWith(ReadOnlySpan<char> word, int depth)
    {
        if (_state == State.Passed || depth > 0)
        {
            return false;
        }

        var previous = _previous;
        _previous = word.ToString().ToUpperInvariant();
        if (_state == State.Header)
        {
            // CREATE … IF NOT EXISTS comes before.
            _state = (_object, _previous) switch
            {
                ("TRIGGER", "ROW") when previous == "EACH" => State.Awaited,
                ("EVENT", "DO") => State.Awaited,
                ("PROCEDURE" or "FUNCTION", var it) when it is not ("IF" or "NOT" or "EXISTS") => State.Awaited,
                _ => State.Header,
            };
            return false;
        }

        // A type's SET('a', 'b') and CHARACTER SET, and names that FOLLOWS or PRECEDES name.
        if (previous is "CHARACTER" or "RETURNS" or "FOLLOWS" or "PRECEDES" || !(Simple.Contains(_previous) || IsFlow(_previous)))
        {
            return false;
        }

        _state = State.Passed;
        return true;
    }

    /// <summary>Anything but a word follows, a quoted name among them: the next word does not belong to the last.</summary>
    public void Punctuation() => _previous = "";

    public void Reset()
    {
        _object = _previous = "";
        _state = State.Header;
    }

    private static bool IsFlow(string word) => word is "BEGIN" or "IF" or "LOOP" or "REPEAT" or "WHILE" or "CASE";
}

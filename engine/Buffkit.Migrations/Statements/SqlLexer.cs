namespace Buffkit.Migrations;

/// <summary>Reads SQL token by token, by the rules of one engine. Whoever must know what a text of SQL is reads it by this.</summary>
/// <remarks>
/// It never fails: what is not closed is a token that says so. Decisions look a few characters ahead of a token's beginning, and
/// otherwise only for its end. So a token of a part of a text is right if it begins well before the end of the part and ends before it.
/// </remarks>
/// <param name="text">The text.</param>
/// <param name="dialect">The rules.</param>
internal sealed partial class SqlLexer(string text, SqlDialect dialect)
{
    private bool _inCodeComment;

    public string Text { get; private set; } = text;

    /// <summary>Gets or sets the rules, which can change from one statement to the next.</summary>
    public SqlDialect Dialect { get; set; } = dialect;

    /// <summary>Gets or sets what ends a statement instead of the semicolon, which is a sign like any other.</summary>
    public string? Delimiter { get; set; }

    /// <summary>Gets or sets where the next token is looked for.</summary>
    public int Position { get; set; }

    /// <summary>Goes on at a place where a statement begins.</summary>
    /// <param name="text">The text, which may be another part of the same script.</param>
    /// <param name="position">The place.</param>
    public void Restart(string text, int position)
    {
        (Text, Position) = (text, position);
        _inCodeComment = false;
        _escapeStringEnd = -1;
    }

    /// <summary>Goes past white space.</summary>
    /// <returns>Whether there was any.</returns>
    public bool SkipSpace()
    {
        var from = Position;
        while (Position < Text.Length && char.IsWhiteSpace(Text[Position]))
        {
            Position++;
        }

        return Position > from;
    }

    /// <summary>Reads the next token behind white space.</summary>
    public SqlToken Read()
    {
        SkipSpace();
        var token = Next();
        Position = token.End;
        NoteEscapeString(token);
        return token;
    }

    /// <summary>Reads the next token that is code.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryReadCode(out SqlToken token)
    {
        do
        {
            token = Read();
        }
        while (!token.IsCode);
        return token.Kind != SqlTokenKind.End;
    }

    /// <summary>The characters of a token.</summary>
    public ReadOnlySpan<char> TextOf(SqlToken token) => Text.AsSpan(token.Start, token.Length);

    /// <summary>What is wrong with a token that is not closed.</summary>
    public string WhatIsNotClosed(SqlToken token) => TextOf(token) switch
    {
        ['/', ..] => "This /* comment is not closed.",
        ['$', .. var rest] => $"The string that begins with ${rest[..(rest.IndexOf('$') + 1)]} is not closed.",
        [var quote, ..] => $"This {quote} is not closed.",
        [] => "The text ends too early.",
    };

    /// <summary>Whether a token is a certain sign.</summary>
    public bool IsSign(SqlToken token, char sign) => token.Kind == SqlTokenKind.Sign && Text[token.Start] == sign;

    /// <summary>Whether a token is a certain word, in capitals or not.</summary>
    public bool IsWord(SqlToken token, string word) =>
        token.Kind == SqlTokenKind.Word && TextOf(token).Equals(word, StringComparison.OrdinalIgnoreCase);

    public static bool IsWordStart(char c) => char.IsLetter(c) || c is '_' || char.IsDigit(c) || c > '\x7f';

    public static bool IsWordPart(char c) => IsWordStart(c) || c is '$';

    private SqlToken Next()
    {
        if (Position >= Text.Length)
        {
            return new SqlToken(SqlTokenKind.End, Text.Length, 0);
        }

        // First, because the client that a script chooses it for looks for it in no other way.
        if (AtDelimiter(Position))
        {
            return new SqlToken(SqlTokenKind.Delimiter, Position, Delimiter!.Length);
        }

        var c = Text[Position];
        return Comment() ?? CodeMark() ?? Quoted(c) ?? Parameter(c) ?? Word(c) ?? new SqlToken(SqlTokenKind.Sign, Position, 1);
    }

    private SqlToken? Parameter(char c) =>
        Dialect.BoundValues && (c == '?' || (c is ':' or '@' or '$' && IsWordStart(At(1))))
            ? new SqlToken(SqlTokenKind.Parameter, Position, WordEnd(Position + 1) - Position)
            : null;

    /// <summary>A word is read at once, so that <c>a$b$</c> is no dollar quote and <c>friend</c> holds no <c>end</c>. The same goes for numbers.</summary>
    private SqlToken? Word(char c) =>
        IsWordStart(c) || (c == '$' && Dialect.DollarNames)
            ? new SqlToken(char.IsDigit(c) ? SqlTokenKind.Number : SqlTokenKind.Word, Position, WordEnd(Position + 1) - Position)
            : null;

    private int WordEnd(int from)
    {
        var end = from;
        while (end < Text.Length && IsWordPart(Text[end]) && !AtDelimiter(end))
        {
            end++;
        }

        return end;
    }

    private bool AtDelimiter(int position) =>
        Delimiter is { } delimiter && Text[position] == delimiter[0] && Text.AsSpan(position).StartsWith(delimiter, StringComparison.Ordinal);

    private char At(int offset) => Position + offset < Text.Length ? Text[Position + offset] : '\0';

    private bool At(string expected) => Text.AsSpan(Position).StartsWith(expected, StringComparison.Ordinal);

    /// <summary>A token from here up to <paramref name="end"/>, or to the end of the text if that is less than nothing.</summary>
    private SqlToken UpTo(SqlTokenKind kind, int end) =>
        end < 0 ? new SqlToken(kind, Position, Text.Length - Position, IsClosed: false) : new SqlToken(kind, Position, end - Position);
}

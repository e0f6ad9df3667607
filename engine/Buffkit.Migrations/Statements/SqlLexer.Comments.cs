namespace Buffkit.Migrations;

/// <summary>Comments, and those that are code.</summary>
internal sealed partial class SqlLexer
{
    private SqlToken? Comment()
    {
        if (BeginsLineComment())
        {
            var line = Text.AsSpan(Position);
            var length = Dialect.ReturnEndsComment ? line.IndexOfAny('\r', '\n') : line.IndexOf('\n');
            return new SqlToken(SqlTokenKind.LineComment, Position, length < 0 ? line.Length : length);
        }

        return At("/*") && CodeMarkLength() == 0 ? UpTo(SqlTokenKind.BlockComment, BlockCommentEnd()) : null;
    }

    private bool BeginsLineComment() => At(0) switch
    {
        '#' => Dialect.HashComments,
        // A control character is as good as a space to the server.
        '-' => At(1) == '-' && (!Dialect.DashesNeedSpace || At(2) <= ' '),
        _ => false,
    };

    /// <returns>Less than nothing where it has no end.</returns>
    private int BlockCommentEnd()
    {
        var depth = 1;
        for (var at = Position + 2; ; at += 2)
        {
            var found = Text.AsSpan(at).IndexOfAny('*', '/');
            while (found >= 0 && !IsMark(at + found))
            {
                at += found + 1;
                found = Text.AsSpan(at).IndexOfAny('*', '/');
            }

            if (found < 0)
            {
                return -1;
            }

            at += found;
            depth += Text[at] == '*' ? -1 : 1;
            if (depth == 0)
            {
                return at + 2;
            }
        }

        bool IsMark(int place) => place + 1 < Text.Length && (Text[place], Text[place + 1]) switch
        {
            ('*', '/') => true,
            ('/', '*') => Dialect.NestedComments,
            _ => false,
        };
    }

    /// <summary>What makes code of a comment: <c>/*!</c> with a version, and the end of that comment.</summary>
    private SqlToken? CodeMark()
    {
        if (_inCodeComment && At("*/"))
        {
            _inCodeComment = false;
            return new SqlToken(SqlTokenKind.CodeMark, Position, 2);
        }

        if (CodeMarkLength() is not (> 0 and var length))
        {
            return null;
        }

        _inCodeComment = true;
        while (char.IsAsciiDigit(At(length)))
        {
            length++;
        }

        return new SqlToken(SqlTokenKind.CodeMark, Position, length);
    }

    private int CodeMarkLength() => !Dialect.ExecutableComments ? 0 : At("/*!") ? 3 : At("/*M!") ? 4 : 0;
}

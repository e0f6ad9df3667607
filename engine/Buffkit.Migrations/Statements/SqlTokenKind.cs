namespace Buffkit.Migrations;

/// <summary>What a piece of SQL is to those who read it without understanding it.</summary>
internal enum SqlTokenKind
{
    /// <summary>There is no more.</summary>
    End,

    /// <summary>A keyword, or a name without quotes.</summary>
    Word,

    /// <summary>Begins with a digit, and goes on as far as a word would: <c>1</c>, <c>0x1F</c>, <c>1st</c>.</summary>
    Number,

    /// <summary>A name in quotes.</summary>
    Name,

    /// <summary>A string in whatever quotes: data.</summary>
    String,

    /// <summary>Stands for a value that is bound from outside.</summary>
    Parameter,

    /// <summary>A single character that is none of the others.</summary>
    Sign,

    /// <summary>What ends a statement, where a script has chosen that itself.</summary>
    Delimiter,

    /// <summary>A comment up to the end of its line, which is not part of it.</summary>
    LineComment,

    /// <summary>A comment between <c>/*</c> and <c>*/</c>.</summary>
    BlockComment,

    /// <summary>The beginning or the end of a comment whose content is code: <c>/*!40101</c> or <c>*/</c>.</summary>
    CodeMark,
}

namespace Buffkit.Migrations;

/// <summary>The lexical rules of an engine. Each engine's package states its own.</summary>
internal sealed record SqlDialect
{
    /// <summary><c>\</c> escapes in strings of any kind.</summary>
    public bool BackslashEscapes { get; init; }

    /// <summary><c>\</c> escapes in <c>E'…'</c>, and in the strings that go on on the lines below it.</summary>
    public bool EscapeStrings { get; init; }

    /// <summary><c>"…"</c> is a string; elsewhere it is a name.</summary>
    public bool DoubleQuotedStrings { get; init; }

    /// <summary><c>$tag$ … $tag$</c>.</summary>
    public bool DollarQuotes { get; init; }

    /// <summary>The same in the definition of a routine only: elsewhere these are names.</summary>
    public bool DollarQuotesInRoutines { get; init; }

    /// <summary>A name may begin with <c>$</c>.</summary>
    public bool DollarNames { get; init; }

    /// <summary><c>[name]</c>.</summary>
    public bool BracketNames { get; init; }

    /// <summary><c>`name`</c>.</summary>
    public bool BacktickNames { get; init; }

    /// <summary><c># comment</c>; elsewhere that is an operator.</summary>
    public bool HashComments { get; init; }

    /// <summary><c>--</c> begins a comment only before white space: <c>5--1</c> is a difference of 5 and -1.</summary>
    public bool DashesNeedSpace { get; init; }

    /// <summary>A comment ends at a lone CR too.</summary>
    public bool ReturnEndsComment { get; init; }

    /// <summary>A block comment may hold another one.</summary>
    public bool NestedComments { get; init; }

    /// <summary><c>/*! … */</c> is code.</summary>
    public bool ExecutableComments { get; init; }

    /// <summary>The command <c>DELIMITER</c> of the <c>mysql</c> client.</summary>
    public bool DelimiterCommand { get; init; }

    /// <summary><c>COPY … FROM stdin</c> with its data, and the backslash commands of <c>psql</c>.</summary>
    public bool CopyData { get; init; }

    /// <summary>Objects whose definition may hold <c>BEGIN … END</c>.</summary>
    public required IReadOnlySet<string> CompoundObjects { get; init; }

    /// <summary><c>IF … END IF</c> and the like may be such a definition's body, or part of it.</summary>
    public bool FlowBlocks { get; init; }

    /// <summary>A NUL character cannot be sent, not even in a string, because the engine's interface takes it for the end of the text.</summary>
    public bool NulEndsText { get; init; }

    /// <summary><c>?</c>, <c>:name</c>, <c>@name</c> and <c>$name</c> stand for values that are bound from outside.</summary>
    public bool BoundValues { get; init; }

    /// <summary>Such a block begins with <c>BEGIN ATOMIC</c>, because <c>BEGIN</c> alone starts a transaction.</summary>
    public bool AtomicBlocks { get; init; }

    internal static HashSet<string> Words(params string[] words) => new(words, StringComparer.OrdinalIgnoreCase);
}

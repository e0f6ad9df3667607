namespace Buffkit.Migrations;

/// <summary>One statement of a script, as it is sent to the server.</summary>
/// <param name="Text">The statement without its delimiter and without the comments before it.</param>
/// <param name="Line">The line of the script that the text begins on, from 1.</param>
/// <param name="Dialect">The lexical rules that hold where it stands.</param>
internal sealed record Statement(string Text, int Line, SqlDialect Dialect)
{
    private string? _bare;
    private string? _summary;

    /// <summary>Gets the lines after PostgreSQL's <c>COPY … FROM stdin</c>, otherwise <see langword="null"/>.</summary>
    public CopyData? CopyData { get; init; }

    /// <summary>Gets its code alone, by which it is decided what the statement is: <see cref="StatementCode.Bare"/>.</summary>
    public string Bare => _bare ??= StatementCode.Bare(Text, Dialect);

    /// <summary>What a log or a trace may show: the first words. Never the text, which may hold data or a password.</summary>
    public string Summary => _summary ??= StatementWords.Summarize(this);
}

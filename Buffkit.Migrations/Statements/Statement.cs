namespace Buffkit.Migrations;

/// <summary>One statement of a script, as it is sent to the server.</summary>
/// <param name="Text">The statement without its delimiter and without the comments before it.</param>
/// <param name="Line">The line of the script that the text begins on, from 1.</param>
/// <param name="CopyData">The lines after PostgreSQL's <c>COPY … FROM stdin</c>, otherwise <see langword="null"/>.</param>
internal sealed record Statement(string Text, int Line, string? CopyData = null)
{
    /// <summary>What a log or a trace may show: the first words. Never the text, which may hold data or a password.</summary>
    public string Summary => _summary ??= StatementWords.Summarize(Text);

    private string? _summary;
}

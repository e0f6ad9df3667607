namespace Buffkit.Migrations;

/// <summary>The lines after PostgreSQL's <c>COPY … FROM stdin</c>, which can be most of a script: read when they are needed.</summary>
/// <param name="open">Begins to read.</param>
internal sealed class CopyData(Func<TextReader> open)
{
    public static CopyData Of(string lines) => new(() => new StringReader(lines));

    /// <summary>Reads the lines, without the one that ends them.</summary>
    public TextReader Open() => open();
}

using System.Text;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Breaks text between words, and only a word that has no room at all inside.</summary>
internal static class WrappedText
{
    /// <summary>The text in lines of at most <paramref name="width"/> columns, all but the first behind <paramref name="indent"/> spaces.</summary>
    /// <param name="text">Its own line breaks stay.</param>
    /// <param name="width">The columns; <see langword="null"/> for any number.</param>
    /// <param name="indent">Less than the columns.</param>
    public static string Of(string text, int? width, int indent)
    {
        if (width is not { } columns)
        {
            return text;
        }

        var wrapped = new StringBuilder(text.Length);
        var begin = new string(' ', indent);
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var rest = line.AsSpan();
            var room = wrapped.Length == 0 ? columns : columns - indent;
            while (rest.Length > room)
            {
                // A break may stand right behind the last column.
                var end = rest[..(room + 1)].TrimEnd() is var fitting && fitting.Length <= room ? fitting.Length : fitting.LastIndexOf(' ');
                end = end <= 0 || rest[..end].IsWhiteSpace() ? room : end;
                Add(rest[..end].TrimEnd());
                rest = rest[end..].TrimStart();
                room = columns - indent;
            }

            Add(rest);
        }

        return wrapped.ToString();

        void Add(ReadOnlySpan<char> line) =>
            wrapped.Append(wrapped.Length == 0 ? "" : Environment.NewLine + begin).Append(line);
    }
}

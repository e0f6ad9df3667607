using System.Text;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>The files of another tool, read as the tool reads them.</summary>
internal sealed partial class ForeignFolder(string tool, MigrationEngine engine, List<ScriptProblem> problems)
{
    /// <summary>Migrations that are programs; left out, they would be missed too late.</summary>
    private static readonly string[] Programs = [".go", ".java", ".kt", ".class", ".jar", ".cs", ".py", ".sh", ".conf"];

    /// <summary>Reads all files; what cannot be converted is a problem with its file and line.</summary>
    public IReadOnlyList<ImportedScript> Convert(string folder)
    {
        var files = new List<(string File, ForeignName Name, ForeignParts Parts)>();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var file = Path.GetRelativePath(folder, path).Replace('\\', '/');
            if (IsProgram(Path.GetFileName(file)))
            {
                Refuse(file, 1, "This is no SQL, and cannot be converted. Write what it does as SQL, or move it out of the folder.");
            }
            else if (file.EndsWith(".sql", StringComparison.OrdinalIgnoreCase) && Read(path, file) is { } read)
            {
                files.Add((file, read.Name, read.Parts));
            }
        }

        CheckOrder([.. files.Select(file => (file.File, file.Name))]);
        var widths = Widths(files.Select(file => file.Name));
        return [.. files
            .GroupBy(file => file.Name.Repeatable ? "R__" + file.Name.Title : Version(file.Name, widths))
            .OrderBy(group => group.First().Name.Repeatable)
            .ThenBy(group => new ScriptVersion(group.First().Name.Repeatable ? "" : group.Key))
            .ThenBy(group => group.Key, StringComparer.Ordinal)
            .SelectMany(group => Join(group.Key, [.. group]))];
    }

    private (ForeignName Name, ForeignParts Parts)? Read(string path, string file)
    {
        if (ForeignName.Parse(tool, Path.GetFileName(file)) is not { } name)
        {
            Refuse(file, 1, $"The name is none of a migration of {tool} that can be converted (a baseline, a callback, or no number). Rename the file, or move it out of the folder.");
            return null;
        }

        if (ScriptText.Read(path, file, problems, int.MaxValue) is not { } text)
        {
            return null;
        }

        using var reader = text.Open();
        var sql = reader.ReadToEnd();
        foreach (Match placeholder in tool is "flyway" or "evolve" ? Placeholder().Matches(sql)
            : tool == "dbup" && !engine.Dialect.DollarQuotes ? Variable().Matches(sql) : Enumerable.Empty<Match>())
        {
            Refuse(file, sql.AsSpan(0, placeholder.Index).Count('\n') + 1, $"'{placeholder.Value}' is a placeholder of {tool}, and there are none here. Write the value.");
        }

        var parts = new ForeignParts(tool, engine.Dialect, (line, message) => Refuse(file, line, message));
        parts.Read(sql);
        return (name, parts);
    }

    /// <summary>The files of ours for one version.</summary>
    private IEnumerable<ImportedScript> Join(string key, IReadOnlyList<(string File, ForeignName Name, ForeignParts Parts)> files)
    {
        var ups = files.Where(file => !file.Name.Down).ToList();
        var downs = files.Where(file => file.Name.Down).ToList();
        if (ups.Count != 1 || downs.Count > 1)
        {
            Refuse(files[^1].File, 1, ups.Count == 0
                ? "It undoes a migration that is not here. Add the migration, or move this file out of the folder."
                : $"{string.Join(" and ", files.Select(file => file.File))} are of one version. Give each its own.");
            yield break;
        }

        var (source, name, parts) = ups[0];
        var origin = $"-- imported: {tool} {source}\n";
        if (name.Repeatable)
        {
            yield return new ImportedScript(source, $"repeatable/{key}.sql", origin + Text(parts.Up, parts.UpWithoutTransaction));
            yield break;
        }

        var (downSource, down, alone) = downs is [var undo]
            ? (undo.File, undo.Parts.Up, undo.Parts.UpWithoutTransaction)
            : (source, parts.Down, parts.DownWithoutTransaction);
        var hasDown = !string.IsNullOrWhiteSpace(down) && StatementsIn(down);
        var path = $"{key}_{name.Title}";
        yield return new ImportedScript(
            source, path + ".up.sql", origin + (hasDown ? "" : $"-- irreversible: {tool} had no way down\n") + Text(parts.Up, parts.UpWithoutTransaction));
        if (hasDown)
        {
            yield return new ImportedScript(downSource, path + ".down.sql", Text(down!, alone));
        }
    }

    private static string Text(string sql, bool withoutTransaction) =>
        new StringBuilder(withoutTransaction ? "-- no-transaction\n" : "").Append(sql.Trim('\r', '\n')).Append('\n').ToString();

    private bool StatementsIn(string sql)
    {
        try
        {
            return StatementSplitter.Split(sql, engine.Dialect).Count > 0;
        }
        catch (ScriptSyntaxException)
        {
            // Said with its line when the converted file is checked.
            return true;
        }
    }

    /// <summary>DbUp goes by names and we by numbers: where that is not the same order, nothing is guessed.</summary>
    private void CheckOrder(IReadOnlyList<(string File, ForeignName Name)> files)
    {
        foreach (var (before, after) in tool == "dbup" ? files.Zip(files.Skip(1)) : [])
        {
            if (new ScriptVersion(before.Name.Parts[0]).CompareTo(new ScriptVersion(after.Name.Parts[0])) > 0)
            {
                Refuse(after.File, 1, $"DbUp runs it after {before.File}, and its number is smaller. Rename the files so that numbers and names have one order.");
            }
        }
    }

    /// <summary>1.2 and 1.10 become 102 and 110: each part as wide as the widest at its place.</summary>
    private static int[] Widths(IEnumerable<ForeignName> names)
    {
        var versioned = names.Where(name => !name.Repeatable).ToList();
        return [.. Enumerable.Range(0, versioned.Select(name => name.Parts.Count).DefaultIfEmpty(0).Max())
            .Select(place => versioned.Max(name => name.Parts.Count > place ? name.Parts[place].TrimStart('0').Length : 1))];
    }

    private static string Version(ForeignName name, int[] widths) => widths.Length == 1
        ? name.Parts[0]
        : string.Concat(widths.Select((width, place) => (name.Parts.Count > place ? name.Parts[place].TrimStart('0') : "").PadLeft(Math.Max(width, 1), '0')));

    /// <summary>A program of a migration's name; another, such as the one that embeds the files, is none.</summary>
    private bool IsProgram(string name) =>
        Programs.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase)
        && !name.EndsWith("_test.go", StringComparison.Ordinal)
        && (tool == "dbup" ? name.Any(char.IsAsciiDigit) : Numbered().IsMatch(name));

    private void Refuse(string file, int line, string message) =>
        problems.Add(ScriptProblem.Error(ProblemKind.Parse, file, message, line));

    [GeneratedRegex("^(?:[VUB]?[0-9]|R__)")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"\$\{[^}\r\n]*\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\$[A-Za-z_]\w*\$")]
    private static partial Regex Variable();
}

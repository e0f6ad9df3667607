namespace Buffkit.Migrations.CommandLine;

/// <summary>How far a run is, in one line.</summary>
internal static class ProgressText
{
    private const int Width = 30;

    /// <summary>A bar over the whole run: all its migrations, and the statements of the one under way.</summary>
    /// <param name="value">How far it is.</param>
    /// <param name="elapsed">Since the run began.</param>
    /// <param name="room">Columns; names are cut first.</param>
    public static string Bar(MigrationProgress value, TimeSpan elapsed, int room)
    {
        var ofMigration = value.StatementCount == 0 ? 1 : (double)value.StatementsDone / value.StatementCount;
        var done = (value.MigrationNumber - 1 + ofMigration) / Math.Max(1, value.MigrationCount);
        var filled = Math.Clamp((int)(Width * done), 0, Width);
        var statements = $"{value.StatementsDone}/{value.StatementCount}";
        var count = value.MigrationCount == 1 ? statements : $"{value.MigrationNumber}/{value.MigrationCount}";
        var text = $"{new string('█', filled)}{new string('░', Width - filled)} {count}  {elapsed:hh\\:mm\\:ss}  {value.Migration}{(value.MigrationCount == 1 ? "" : $" ({statements})")}";
        return text.Length > room ? text[..room] : text;
    }

    /// <summary>A line for a log.</summary>
    public static string Line(MigrationProgress value) =>
        $"{value.Migration} {value.Direction} ({value.MigrationNumber} of {value.MigrationCount}): statement {value.StatementsDone + 1} of {value.StatementCount}: {value.Statement}";
}

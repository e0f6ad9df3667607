using Buffkit.Migrations;
using Buffkit.Migrations.CommandLine;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>What a person at a terminal sees.</summary>
public sealed class TerminalTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public async Task Status_LongNamesAndErrors_FitTheColumnsAndLoseNothing(int columns)
    {
        using var database = TestDatabase.CreateSqlite();
        const string Long = "20260901120000_add_a_column_for_the_second_address_line_of_a_customer";
        database.Write($"{Long}.up.sql", "CREATE TABLE a (id int);").Write("20260901120001_b.up.sql", "CREATE TABLE b (id int);\nINSERT INTO nowhere VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner(options => options.Who = "ann.lastname@build-machine-number-seven.example").UpAsync(Cancellation));
        var status = await database.Runner().StatusAsync(Cancellation);

        var fitted = Lines(status, columns);
        var whole = Lines(status, null);

        Assert.All(fitted, line => Assert.InRange(line.Length, 0, columns));
        Assert.Equal(Squeeze(whole), Squeeze(fitted));
        Assert.Contains(whole, line => line.Contains(Long, StringComparison.Ordinal) && line.Contains("ann.lastname", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("repair", "--help")]
    [InlineData("dry-run", "--help")]
    public async Task Help_NotAtATerminal_FitsEightyColumns(params string[] arguments)
    {
        using var database = TestDatabase.CreateSqlite();
        var (code, output, _) = await MigrationProcess.RunAsync(database, arguments);
        Assert.Equal(0, code);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.TrimEnd('\r').Length, 0, 80));
    }

    [Theory]
    [InlineData("100", true, 120, 100)]
    [InlineData("100", false, 120, 100)]
    [InlineData("7", false, 120, 40)]
    [InlineData("", false, 120, 120)]
    [InlineData("wide", false, 120, 120)]
    [InlineData("0", false, 0, 80)]
    [InlineData(null, true, 120, null)]
    public void TerminalWidth_IsWhatColumnsSaysElseTheTerminal(string? columns, bool redirected, int window, int? expected) =>
        Assert.Equal(expected, TerminalWidth.Of(columns, redirected, () => window));

    [Theory]
    [InlineData("aaa bbb ccc", 7, 2, "aaa bbb|  ccc")]
    [InlineData("aaa bbbbbbbbbbbb", 7, 2, "aaa|  bbbbb|  bbbbb|  bb")]
    [InlineData("aaa\nbbb", 7, 2, "aaa|  bbb")]
    [InlineData("    aaaaaaaa", 7, 4, "    aaa|    aaa|    aa")]
    public void WrappedText_BreaksBetweenWords(string text, int width, int indent, string expected) =>
        Assert.Equal(expected, WrappedText.Of(text, width, indent).ReplaceLineEndings("|"));

    [Fact]
    public async Task Up_ManyMigrations_NamesEachOnceAndLogsNoneBesides()
    {
        using var database = TestDatabase.CreateSqlite();
        for (var n = 1; n <= 20; n++)
        {
            database.Write($"{n}_migration.up.sql", $"CREATE TABLE t{n} (id int);");
        }

        var (_, output, error) = await MigrationProcess.RunAsync(database, "up");

        Assert.Equal(20, output.Split('\n').Count(line => line.Contains("_migration", StringComparison.Ordinal)));
        // On a busy machine, progress may stand there.
        Assert.DoesNotContain("info:", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ProgressBar_ManyMigrations_ShowsTheRunAndNotOneMigration()
    {
        var half = ProgressText.Bar(Progress(5001, 10_000, done: 0), TimeSpan.FromSeconds(75), 100);
        Assert.Equal($"{new string('█', 15)}{new string('░', 15)} 5001/10000  00:01:15  5001_t (0/1)", half);
        Assert.Equal(new string('█', 30), ProgressText.Bar(Progress(10_000, 10_000, done: 1), TimeSpan.Zero, 30));
        Assert.StartsWith(new string('░', 30) + " 0/1", ProgressText.Bar(Progress(1, 1, done: 0), TimeSpan.Zero, 100), StringComparison.Ordinal);
    }

    [Fact]
    public void ProgressLines_ManyQuickMigrations_SayEveryFiveSecondsHowFarTheRunIs()
    {
        var time = new FakeTimeProvider();
        using var said = new StringWriter();
        using var lines = new ProgressLines(said, time, everyStatement: false);
        for (var n = 1; n <= 1000; n++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            lines.Report(Progress(n, 1000, done: 0));
            lines.Report(Progress(n, 1000, done: 1));
        }

        Assert.Equal(
            ["250_t up (250 of 1000): statement 1 of 1: CREATE TABLE T", "500_t up (500 of 1000): statement 1 of 1: CREATE TABLE T", "750_t up (750 of 1000): statement 1 of 1: CREATE TABLE T", "1000_t up (1000 of 1000): statement 1 of 1: CREATE TABLE T"],
            said.ToString().ReplaceLineEndings("\n").TrimEnd().Split('\n'));
    }

    private static MigrationProgress Progress(int number, int count, int done) =>
        new($"{number}_t", "up", number, count, done, 1, done == 0 ? "CREATE TABLE T" : null, TimeSpan.Zero);

    private static string[] Lines(MigrationStatus status, int? columns)
    {
        using var output = new StringWriter();
        new TextOutput(output, output, columns).Status(status);
        return output.ToString().ReplaceLineEndings("\n").Split('\n');
    }

    private static string Squeeze(IEnumerable<string> lines) =>
        string.Concat(string.Concat(lines).Where(c => !char.IsWhiteSpace(c)));
}

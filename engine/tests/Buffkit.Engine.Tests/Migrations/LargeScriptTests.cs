using System.Globalization;
using System.Text;
using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;
using Buffkit.Migrations.Sqlite;

namespace Buffkit.Tests;

/// <summary>Scripts that are not to be held in memory.</summary>
public sealed class LargeScriptTests(PostgresServer postgres, MySqlServer mysql)
{
    private const long MostMemory = 200_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("-- no-transaction\n")]
    public async Task Up_MillionRowsByCopy_TakesNoMemoryForThem(string directive)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        const int Rows = 1_000_000;
        var line = new string('x', 100);
        WriteLines(
            database,
            [$"{directive}CREATE TABLE big (id bigint PRIMARY KEY, a text);", "COPY big FROM stdin;", .. Enumerable.Range(0, Rows).Select(row => $"{row}\t{line} {row}"), "\\.", "CREATE TABLE after_it (id int);"]);
        Assert.True(new FileInfo(Path.Combine(database.Scripts, "1_big.up.sql")).Length > 103 * 1024 * 1024);

        await RunInLittleMemoryAsync(database);

        Assert.Equal($"{Rows} 0", await database.QueryAsync("SELECT (SELECT count(*) FROM big) || ' ' || (SELECT count(*) FROM after_it)"));
    }

    [Fact]
    public async Task Up_ManyStatements_TakesNoMemoryForThem()
    {
        using var database = TestDatabase.CreateSqlite();
        const int Rows = 40_000;
        var text = new string('x', 2500);
        WriteLines(database, ["CREATE TABLE big (id INTEGER PRIMARY KEY, a text);", .. Enumerable.Range(0, Rows).Select(row => $"INSERT INTO big VALUES ({row}, '{text};');")]);

        await RunInLittleMemoryAsync(database);

        Assert.Equal($"{Rows}", await database.QueryAsync("SELECT count(*) FROM big"));
    }

    [Fact]
    public async Task Up_LargeScriptFailsHalfway_GoesOnAtTheRightStatement()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        var text = new string('x', 40_000);
        string[] Lines(string table) =>
            ["CREATE TABLE big (id int PRIMARY KEY, a text);", .. Enumerable.Range(0, 30).Select(row => $"INSERT INTO big VALUES ({row}, 'ä{text};');"), $"INSERT INTO {table} VALUES (99, '');"];
        WriteLines(database, Lines("nowhere"));
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(31, (await database.StateOfAsync("1_big")).StatementsDone);

        WriteLines(database, Lines("big"));
        await database.Runner().UpAsync(Cancellation);

        Assert.Equal("31", await database.QueryAsync("SELECT count(*) FROM big"));
    }

    [Fact]
    public async Task Up_LargeFileChangesWhileItRuns_IsRefusedAndLeavesNothing()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        WriteLines(database, ["CREATE TABLE big (a text);", "COPY big FROM stdin;", .. Enumerable.Repeat(new string('x', 100), 20_000), "\\."]);
        var editor = new Editor(Path.Combine(database.Scripts, "1_big.up.sql"));

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner(options => options.Progress = editor).UpAsync(Cancellation));

        Assert.True(e.Message.Contains("was changed while it was being read", StringComparison.Ordinal), e.ToString());
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM pg_class WHERE relname = 'big'"));
        Assert.Single(await database.Runner().UpAsync(Cancellation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200_000)]
    public async Task Up_CancelledDuringACopy_EndsAtOnceAndLeavesNothing(int rows)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        WriteLines(
            database,
            [
                "CREATE TABLE big (a text);",
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;",
                "CREATE TRIGGER t BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION f();",
                "COPY big FROM stdin;",
                .. Enumerable.Repeat(new string('x', 90), rows),
                "\\.",
            ]);
        using var source = new CancellationTokenSource();
        var up = Task.Run(() => database.Runner().UpAsync(source.Token), Cancellation);
        const string Sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
        await Eventually.TrueAsync(async () => await database.QueryAsync(Sleeping) == "1", "the COPY runs");

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => up);
        Assert.Equal(MigrationState.Failed, (await database.StateOfAsync("1_big")).State);
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM pg_class WHERE relname = 'big'"));
        Assert.Equal("0", await database.QueryAsync(Sleeping));
    }

    [Fact]
    public async Task Up_CopyOfARowThatTheServerRefuses_NamesFileAndLine()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        WriteLines(database, ["CREATE TABLE big (id int);", "COPY big FROM stdin;", .. Enumerable.Repeat("1", 600_000), "one", "2", "\\."]);
        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.StartsWith("1_big.up.sql:2: statement 2 of 2 (COPY BIG FROM) failed: 22P02", e.Message, StringComparison.Ordinal);
        Assert.Equal(MigrationState.Failed, (await database.StateOfAsync("1_big")).State);
    }

    [Theory]
    [InlineData("utf-8", 16)]
    [InlineData("utf-8", 1000)]
    [InlineData("utf-8", 32768)]
    [InlineData("utf-16", 16)]
    public void Scan_PieceByPiece_FindsWhatTheWholeTextHas(string encoding, int chunk)
    {
        foreach (var (name, sql, dialect) in Texts())
        {
            using var database = TestDatabase.CreateSqlite();
            var file = Path.Combine(database.Scripts, "a.sql");
            File.WriteAllText(file, sql, Encoding.GetEncoding(encoding));
            var text = ScriptText.Read(file, "a.sql", [], largestInMemory: 0)!;
            var whole = ScriptScan.Of(new StatementSplitter(sql, dialect) { IsMark = ForeignMarkers.IsMark }, new StatementsInMemory());

            using var reader = text.Open();
            var pieces = ScriptScan.Of(new StatementSplitter(text, reader, dialect) { IsMark = ForeignMarkers.IsMark, Chunk = chunk }, new StatementsInFile(text));

            Assert.True(whole.Error?.Message == pieces.Error?.Message, $"{name}: {pieces.Error?.Line}: {pieces.Error?.Message}");
            Assert.Equal(whole.Error?.Line, pieces.Error?.Line);
            Assert.Equal(whole.Statements.Select(Describe), pieces.Statements.Select(Describe));
            Assert.Equal(whole.Marks, pieces.Marks);
            Assert.Equal(TextHash.Of(sql), text.Checksum);
        }
    }

    [Theory]
    [InlineData("a\r\nb\rc\n\rd\r\r\n", "a\nb\nc\n\nd\n\n")]
    [InlineData("ä\U0001F600\r", "ä\U0001F600\n")]
    public void TextHash_InPieces_IsOfTheTextWithLineFeeds(string text, string expected)
    {
        using var hash = new TextHash();
        foreach (var c in text)
        {
            hash.Append([c]);
        }

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(expected))), hash.Current());
    }

    private static async Task RunInLittleMemoryAsync(TestDatabase database)
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "macOS does not tell a process's peak.");
        foreach (var done in (string[])["1 migration.", "Nothing to apply"])
        {
            using var process = MigrationProcess.Start(database, null, "up");
            var peak = process.PeakMemoryAsync();
            var (code, output, error) = await process.EndAsync();
            Assert.True(code == 0, error);
            Assert.Contains(done, output, StringComparison.Ordinal);
            Assert.InRange(await peak, 1, MostMemory);
        }
    }

    private static void WriteLines(TestDatabase database, IEnumerable<string> lines) =>
        File.WriteAllLines(Path.Combine(database.Scripts, "1_big.up.sql"), lines);

    private static string Describe(Statement statement) =>
        string.Create(CultureInfo.InvariantCulture, $"{statement.Line}: {statement.Text} {statement.Dialect} {statement.CopyData?.Open().ReadToEnd()}");

    private static IEnumerable<(string Name, string Sql, SqlDialect Dialect)> Texts()
    {
        yield return ("copy", "-- +goose Up\nCOPY t FROM stdin;\n" + string.Concat(Enumerable.Range(0, 500).Select(n => $"{n}\tä\U0001F600; 'x\n")) + "\\.x\n\\.\n\nselect 'a'; -- x\n-- +goose Down\nCOPY u FROM stdin;\n\\.\nselect 1", PostgresDialect.Value);
        yield return ("copy, CRLF", "COPY t FROM stdin;\r\n\\N\r\n\\.\r\nselect 2;\r\n", PostgresDialect.Value);
        yield return ("copy without end", "select 1;\nCOPY t FROM stdin;\n1\n2\n", PostgresDialect.Value);
        yield return ("not closed", "select 1;\nselect '" + new string('x', 3000), PostgresDialect.Value);
        yield return ("NUL", "select 1;\n\nselect 2; -- \0", PostgresDialect.Value);
        yield return ("NUL in data", "COPY t FROM stdin;\n" + string.Concat(Enumerable.Repeat("12345\n", 999)) + "\0\n\\.\n", PostgresDialect.Value);
        yield return ("comments", "select 1; -- a\n/* b " + new string('*', 2000) + " */ -- +goose Down\n-- " + new string('c', 2000) + "\n -- +goose Down\n/* x\n*/ -- +goose Down\nselect\n-- +goose Down\n2;", SqliteDialect.Value);
        yield return ("delimiter", "DELIMITER $$\ncreate procedure p() begin select 1; end$$\nDELIMITER ;\nset sql_mode='NO_BACKSLASH_ESCAPES';\n" + string.Concat(Enumerable.Repeat("select 'c:\\';\n", 99)), MySqlDialect.Value);
        foreach (var (file, dialect) in new[]
        {
            ("chinook/Chinook_PostgreSql.sql", PostgresDialect.Value), ("chinook/Chinook_MySql.sql", MySqlDialect.Value),
            ("chinook/Chinook_Sqlite.sql", SqliteDialect.Value), ("sakila/postgres-sakila-schema.sql", PostgresDialect.Value),
            ("sakila/mysql-sakila-schema.sql", MySqlDialect.Value),
        })
        {
            // Beside the repository, where it is there.
            var path = Repository.Folder($"../shared/sql-cases/{file}");
            if (File.Exists(path))
            {
                yield return (file, File.ReadAllText(path).TrimStart('\uFEFF'), dialect);
            }
        }
    }

    /// <summary>Writes into the file as the second statement begins.</summary>
    private sealed class Editor(string file) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value)
        {
            if (value is { StatementsDone: 1, Statement: not null })
            {
                File.AppendAllText(file, "-- one more line\n");
            }
        }
    }
}

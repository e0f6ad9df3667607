using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>What went wrong, in sentences that say what to do.</summary>
public sealed class MessagesTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("up", "--steps", "x")]
    [InlineData("down", "--steps", "0")]
    [InlineData("redo", "-n", "many")]
    [InlineData("up", "--lock-wait", "long")]
    public async Task Option_ThatIsNoNumber_IsSaidInWords(string command, string option, string value)
    {
        using var database = TestDatabase.CreateSqlite();

        var (code, _, error) = await MigrationProcess.RunAsync(database, command, option, value);

        Assert.Equal(2, code);
        Assert.DoesNotContain("System.", error, StringComparison.Ordinal);
        Assert.Contains($"'{value}' is no number", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_FileThatIsNoDatabase_NamesTheFile()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "SELECT 1;");
        var file = Path.Combine(database.Scripts, "no.db");
        await File.WriteAllTextAsync(file, new string('x', 4096), Cancellation);

        var (code, _, error) = await MigrationProcess.RunAsync(database, "up", "--connection", $"Data Source={file}");

        Assert.Equal(6, code);
        Assert.Contains(file, error.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.DoesNotContain("server runs", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DatabaseThatIsNotThere_IsTwoSentences()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        var name = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "nowhere" }.ToString();

        var refused = await Assert.ThrowsAsync<DatabaseUnavailableException>(
            () => database.Runner(options => (options.ConnectionString, options.ConnectWait) = (name, TimeSpan.Zero)).UpAsync(Cancellation));

        Assert.Contains("does not exist. Check ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1_a.UP.SQL", "1_a.up.sql")]
    [InlineData("1_a.Sqlite.up.sql", "1_a.sqlite.up.sql")]
    public async Task Validate_NameInCapitals_SaysHowToWriteIt(string file, string right)
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write(file, "SELECT 1;");

        var problem = Assert.Single(await database.Runner().ValidateAsync(offline: true, Cancellation));

        Assert.Equal(file, problem.Script);
        Assert.EndsWith($"Rename the file to {right}.", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_LoadDataLocalWithoutTheOption_NamesIt()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nLOAD DATA LOCAL INFILE '/nowhere' INTO TABLE a;");

        var failed = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("AllowLoadLocalInfile=true", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_SqliteTableDroppedWithRowsThatReferToIt_SaysHowToMakeItAnew()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p INTEGER REFERENCES p (id));\nINSERT INTO p VALUES (1);\nINSERT INTO c VALUES (1);")
            .Write("2_b.up.sql", "CREATE TABLE p2 (id INTEGER PRIMARY KEY);\nINSERT INTO p2 SELECT id FROM p;\nDROP TABLE p;\nALTER TABLE p2 RENAME TO p;");

        var failed = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Contains("PRAGMA foreign_keys = OFF", failed.Message, StringComparison.Ordinal);
    }
}

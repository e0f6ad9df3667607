using Buffkit.Migrations;
using Buffkit.Migrations.CommandLine;

namespace Buffkit.Tests;

/// <summary>The program as a process: exit codes, JSON, signals.</summary>
public sealed class CommandTests(PostgresServer postgres, MySqlServer mysql)
{
    [Fact]
    public async Task Commands_FromNothingToNothing_AnswerInJsonAndExitCodes()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("1_a.down.sql", "DROP TABLE a;")
            .Write("2_b.up.sql", "CREATE TABLE b (id int);").Write("2_b.down.sql", "DROP TABLE b;");

        var (code, json) = await MigrationProcess.RunJsonAsync(database, "status", "--exit-code");
        Assert.Equal((3, 2), (code, json.GetProperty("pending").GetInt32()));
        (code, json) = await MigrationProcess.RunJsonAsync(database, "up", "--to", "a");
        Assert.Equal((0, "1_a"), (code, json.GetProperty("migrations")[0].GetProperty("name").GetString()));
        (code, json) = await MigrationProcess.RunJsonAsync(database, "dry-run");
        Assert.Equal((0, true), (code, json.GetProperty("migrations")[0].GetProperty("tried").GetBoolean()));
        (code, _) = await MigrationProcess.RunJsonAsync(database, "up");
        Assert.Equal(0, code);
        (code, json) = await MigrationProcess.RunJsonAsync(database, "dump");
        Assert.Contains("CREATE TABLE b", json.GetProperty("schema").GetString(), StringComparison.Ordinal);
        (code, json) = await MigrationProcess.RunJsonAsync(database, "down", "--to", "0");
        Assert.Equal((0, 2), (code, json.GetProperty("migrations").GetArrayLength()));
        (code, json) = await MigrationProcess.RunJsonAsync(database, "baseline", "--to", "1");
        Assert.Equal((0, "1_a"), (code, json.GetProperty("baselined")[0].GetString()));
        (code, json) = await MigrationProcess.RunJsonAsync(database, "validate");
        Assert.Equal((0, true), (code, json.GetProperty("valid").GetBoolean()));
    }

    [Fact]
    public async Task Up_FailingMigration_Ends1AndNamesTheStatement()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);\nINSERT INTO nowhere VALUES (1);");
        var (code, json) = await MigrationProcess.RunJsonAsync(database, "up");
        Assert.Equal(1, code);
        Assert.Contains("1_a.up.sql:2: statement 2 of 2", json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await MigrationProcess.RunAsync(database)).ExitCode);
    }

    [Theory]
    [InlineData(2, "status", "--provider", "oracle")]
    [InlineData(2, "up", "--to", "nothing")]
    [InlineData(2, "up", "--steps", "0")]
    [InlineData(2, "status", "--scripts", "nowhere")]
    [InlineData(2, "new", "a/b", "--scripts", ".")]
    [InlineData(2, "seed", "--environment", "moon")]
    [InlineData(6, "status", "--provider", "postgres", "--connection", "Host=127.0.0.1;Port=1;Username=x;Password=hidden;Timeout=2")]
    [InlineData(2, "status", "--provider", "mysql", "--connection", "Server=127.0.0.1;Port=1;Password=hidden")]
    [InlineData(2, "status", "--provider", "postgres", "--connection", "Hose=x;Password=hidden")]
    public async Task Command_WrongUse_SaysWhyWithoutSecrets(int expected, params string[] arguments)
    {
        using var database = TestDatabase.CreateSqlite();
        var (code, json) = await MigrationProcess.RunJsonAsync(database, arguments);
        Assert.Equal(expected, code);
        Assert.NotEqual("", json.GetProperty("error").GetString());
        Assert.DoesNotContain("hidden", json.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_Unknown_Ends2()
    {
        using var database = TestDatabase.CreateSqlite();
        var (code, _, error) = await MigrationProcess.RunAsync(database, "upp");
        Assert.Equal(2, code);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upp")]
    [InlineData("up", "--steps", "many")]
    [InlineData]
    public async Task Command_UnreadableWithJson_AnswersInJson(params string[] arguments)
    {
        using var database = TestDatabase.CreateSqlite();
        var (code, json) = await MigrationProcess.RunJsonAsync(database, arguments);
        Assert.Equal((2, 2), (code, json.GetProperty("exitCode").GetInt32()));
        Assert.Contains("--help", json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ExitCode_Defect_IsNoUsageError()
    {
        Assert.Equal(ExitCode.Failed, ExitCode.Of(new InvalidOperationException("a defect")));
        Assert.Equal(ExitCode.Usage, ExitCode.Of(new MigrationConfigurationException("a wrong option")));
    }

    [Fact]
    public async Task Configuration_AsArguments_IsTaken()
    {
        using var database = TestDatabase.CreateSqlite();
        database.Write("1_a.up.sql", "SELECT 1;");
        var (code, _, error) = await MigrationProcess.RunAsync(
            database, "--Database:Provider=sqlite", "--ConnectionStrings:appdb", "Data Source=other.db", "up");
        Assert.True(code == 0, error);
        Assert.True(File.Exists(Path.Combine(database.Scripts, "other.db")));
    }

    // A signal that is ignored stays so in a process that one starts: the statement would go on to its end.
    private static bool IsInterruptIgnored()
    {
        const string Ignored = "SigIgn:";
        const ulong Interrupt = 1 << (2 - 1);
        return OperatingSystem.IsLinux()
            && File.ReadLines("/proc/self/status").First(line => line.StartsWith(Ignored, StringComparison.Ordinal)) is var line
            && (Convert.ToUInt64(line[Ignored.Length..].Trim(), 16) & Interrupt) != 0;
    }

    [Theory]
    [InlineData(TestEngine.Sqlite, "INT", 130)]
    [InlineData(TestEngine.Postgres, "TERM", 143)]
    [InlineData(TestEngine.MySql, "INT", 130)]
    public async Task Up_SignalDuringAStatement_CancelsItAndLeavesACleanState(TestEngine engine, string signal, int expected)
    {
        Assert.SkipWhen(signal == "INT" && IsInterruptIgnored(), "This run was started in the background of a shell, which lets it and what it starts ignore SIGINT.");
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);")
            .Write("2_b.up.sql", "INSERT INTO a VALUES (1);\n" + engine switch
            {
                TestEngine.Postgres => "SELECT pg_sleep(600);",
                TestEngine.MySql => "CREATE TABLE b AS SELECT /*+ SET_VAR(cte_max_recursion_depth = 4294967295) */ count(*) AS x FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4000000000) SELECT x FROM c) AS y;",
                _ => "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000000000) SELECT count(*) FROM c;",
            });
        using var process = MigrationProcess.Start(database, "statement 2 of 2", "up", "--verbose");
        await process.SeenAsync();
        await process.SignalAsync(signal);
        var (code, _, error) = await process.EndAsync();

        Assert.True(code == expected, $"{code}: {error}");
        var state = await database.StateOfAsync("2_b");
        Assert.Equal(MigrationState.Failed, state.State);
        Assert.Equal(engine == TestEngine.MySql ? 1 : 0, state.StatementsDone);
        Assert.Null((await database.Runner().StatusAsync(TestContext.Current.CancellationToken)).Runner);

        database.Write("2_b.up.sql", "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);");
        await database.Runner().UpAsync(TestContext.Current.CancellationToken);
        Assert.Equal("3", await database.QueryAsync("SELECT sum(id) FROM a"));
    }

    [Fact]
    public async Task Worker_Terminated_EndsInTimeWithItsExitCode()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "SELECT pg_sleep(600);");
        using var process = MigrationProcess.Start(database, null);
        await Eventually.TrueAsync(
            async () => await database.QueryAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") != "0",
            "the statement runs");

        await process.SignalAsync("TERM");
        var (code, _, error) = await process.EndAsync();
        Assert.True(code == 130, $"{code}: {error}");
    }
}

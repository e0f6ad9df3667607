using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>kill -9 in the middle of each statement: the journal tells the truth, and the next run finishes.</summary>
public sealed class KilledRunnerTests(PostgresServer postgres, MySqlServer mysql)
{
    private const int Statements = 10;
    private const string Name = "2_ten";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine, bool> Cases { get; } = new()
    {
        { TestEngine.Sqlite, false },
        { TestEngine.Sqlite, true },
        { TestEngine.Postgres, false },
        { TestEngine.Postgres, true },
        { TestEngine.MySql, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Up_KilledInEachStatement_StatusIsTrueAndTheNextRunFinishes(TestEngine engine, bool noTransaction)
    {
        for (var killed = 1; killed <= Statements; killed++)
        {
            using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
            database.Write("1_gate.up.sql", "CREATE TABLE gate (n int NOT NULL);");
            database.Write($"{Name}.up.sql", (noTransaction ? "-- no-transaction\n" : "") + Script(engine));
            await database.Runner().UpAsync(new UpRequest(To: "1"), Cancellation);
            await database.ExecuteAsync($"INSERT INTO gate VALUES ({killed})");

            using (var process = MigrationProcess.Start(database, $"statement {killed} of {Statements}", "up", "--verbose"))
            {
                await process.SeenAsync();
                await UntilRunningAsync(database);
                await process.KillAsync();
            }

            var state = await database.StateOfAsync(Name);
            var perStatement = noTransaction || engine == TestEngine.MySql;
            Assert.Equal(perStatement ? MigrationState.Applying : MigrationState.Pending, state.State);
            Assert.Equal(perStatement ? killed - 1 : 0, state.StatementsDone);

            await OpenGateAsync(database);
            var (exitCode, _, error) = await MigrationProcess.RunAsync(database, "up");

            Assert.True(exitCode == 0, $"after statement {killed}: {error}");
            Assert.Equal(MigrationState.Applied, (await database.StateOfAsync(Name)).State);
            Assert.Equal("4,6,8,10", await InsertedAsync(database));
        }
    }

    private static async Task<string> InsertedAsync(TestDatabase database)
    {
        await using var connection = database.Connect();
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT n FROM a ORDER BY n";
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var rows = new List<string>();
        while (await reader.ReadAsync(Cancellation))
        {
            rows.Add(Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        }

        return string.Join(',', rows);
    }

    /// <summary>DDL and data in turn. A statement whose number is in the gate stays there.</summary>
    private static string Script(TestEngine engine)
    {
        var stay = engine switch
        {
            TestEngine.Postgres => "(SELECT count(pg_sleep(600)) FROM gate WHERE n = {0})",
            TestEngine.MySql => "(SELECT COALESCE(SUM(SLEEP(600)), 0) FROM gate WHERE n = {0})",
            _ => "(WITH RECURSIVE c(x) AS (SELECT 1 WHERE EXISTS (SELECT 1 FROM gate WHERE n = {0}) UNION ALL SELECT x + 1 FROM c WHERE x < 10000000000) SELECT max(coalesce(x, 0)) * 0 FROM c)",
        };
        string Stay(int n) => string.Format(System.Globalization.CultureInfo.InvariantCulture, stay, n);
        return string.Join(";\n", Enumerable.Range(1, Statements).Select(n => n switch
        {
            1 => $"CREATE TABLE a AS SELECT 0 AS n, {Stay(1)} AS x",
            2 => $"DELETE FROM a WHERE coalesce({Stay(2)}, 0) = 0",
            _ when n % 2 == 1 => $"CREATE TABLE t{n} AS SELECT {Stay(n)} AS x",
            _ => $"INSERT INTO a (n) SELECT {n} + coalesce({Stay(n)}, 0)",
        })) + ";\n";
    }

    private static async Task UntilRunningAsync(TestDatabase database)
    {
        var sql = database.Engine switch
        {
            TestEngine.Postgres => "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
            TestEngine.MySql => "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User sleep'",
            _ => null,
        };
        // SQLite has no server to ask; its statement began before the line that was waited for was read.
        if (sql is not null)
        {
            await Eventually.TrueAsync(async () => await database.QueryAsync(sql) != "0", "the statement runs");
        }
    }

    private static async Task OpenGateAsync(TestDatabase database)
    {
        if (database.Engine == TestEngine.MySql)
        {
            // The killed client's statement sleeps on; it ends for everyone as an administrator would end it.
            var id = await database.QueryAsync(
                "SELECT max(ID) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User sleep'");
            if (id is { Length: > 0 })
            {
                await database.ExecuteAsync($"KILL {id}");
            }
        }

        await database.ExecuteAsync("DELETE FROM gate");
    }
}

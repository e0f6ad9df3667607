using Buffkit.Migrations;

namespace Buffkit.Tests;

public sealed class ConcurrentRunnersTests(PostgresServer postgres, MySqlServer mysql)
{
    private const int Runners = 8;
    private const int Rounds = 100;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<TestEngine> Engines => UpAndDownTests.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_EightRunnersHundredRounds_ApplyEachMigrationOnce(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("0_log.up.sql", "CREATE TABLE log (n int NOT NULL);");
        for (var round = 1; round <= Rounds; round++)
        {
            // Without a key: a second application would not fail but leave its trace.
            database.Write($"{round}_r.up.sql", $"INSERT INTO log VALUES ({round});");
            using var start = new Barrier(Runners);
            var done = await Task.WhenAll(Enumerable.Range(0, Runners).Select(_ => Task.Factory.StartNew(
                async () =>
                {
                    start.SignalAndWait(Cancellation);
                    return (await database.Runner().UpAsync(Cancellation)).Count;
                },
                Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            Assert.Equal(round == 1 ? 2 : 1, done.Sum());
        }

        Assert.Equal($"{Rounds}", await database.QueryAsync("SELECT count(*) FROM log"));
        Assert.Equal($"{Rounds}", await database.QueryAsync("SELECT count(DISTINCT n) FROM log"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_EightProcesses_ApplyEachMigrationOnceAndAllEndWell(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("0_log.up.sql", "CREATE TABLE log (n int NOT NULL);");
        for (var n = 1; n <= 20; n++)
        {
            database.Write($"{n}_r.up.sql", $"INSERT INTO log VALUES ({n});");
        }

        // Half by the command, half as the worker that a deployment starts.
        var runs = await Task.WhenAll(Enumerable.Range(0, Runners).Select(i =>
            i % 2 == 0 ? MigrationProcess.RunAsync(database, "up") : MigrationProcess.RunAsync(database)));

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Error));
        Assert.Equal("20", await database.QueryAsync("SELECT count(*) FROM log"));
    }

    [Fact]
    public async Task Up_ConcurrentIndexWithWaitingRunners_DoesNotDeadlock()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_t.up.sql", "CREATE TABLE t (n int);\nINSERT INTO t SELECT generate_series(1, 100000);")
            .Write("2_i.up.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY ix_t_n ON t (n);\nCREATE INDEX CONCURRENTLY ix_t_m ON t ((n + 1));");

        var all = Task.WhenAll(Enumerable.Range(0, Runners).Select(_ => Task.Run(() => database.Runner().UpAsync(Cancellation))));
        var done = await all.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

        Assert.Equal(2, done.Sum(runner => runner.Count));
        Assert.Equal("2", await database.QueryAsync("SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = 't'::regclass"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Up_LockHeldForTooLong_SaysByWhom(TestEngine engine)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await using var holder = database.Open();
        await holder.OpenAsync(readOnly: false, Cancellation);
        Assert.True(await holder.Lock.TryTakeAsync(Cancellation));

        var e = await Assert.ThrowsAsync<MigrationLockTimeoutException>(() =>
            database.Runner(options => options.LockWait = TimeSpan.FromMilliseconds(300)).UpAsync(Cancellation));
        var status = await database.Runner().StatusAsync(Cancellation);

        Assert.Contains("Another runner is at work", e.Message, StringComparison.Ordinal);
        Assert.Contains(engine == TestEngine.Sqlite ? "process" : "session", status.Runner, StringComparison.Ordinal);
    }
}

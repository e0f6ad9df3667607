using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Buffkit.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Buffkit.Tests;

public sealed class TelemetryTests(PostgresServer postgres, MySqlServer mysql)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_OneSucceedsOneFails_LeavesSpansAndMeasures()
    {
        var spans = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MigrationTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        var measures = new ConcurrentBag<string>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == MigrationTelemetry.Name)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, _, _, _) => measures.Add(instrument.Name));
        meters.SetMeasurementEventCallback<double>((instrument, _, _, _) => measures.Add(instrument.Name));
        meters.Start();

        using var database = TestDatabase.CreateSqlite();
        database.Write("1_telemetry_good.up.sql", "CREATE TABLE a (secret text DEFAULT 'hidden');").Write("2_telemetry_bad.up.sql", "INSERT INTO nowhere VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));

        Assert.Equal("success", spans.Single(span => span.OperationName == "migration 1_telemetry_good").GetTagItem(MigrationTelemetry.OutcomeTag));
        Assert.Equal(ActivityStatusCode.Error, spans.Single(span => span.OperationName == "migration 2_telemetry_bad").Status);
        Assert.Contains(spans, span => span.OperationName == "CREATE TABLE A");
        Assert.Superset(
            new HashSet<string> { MigrationTelemetry.Duration, MigrationTelemetry.Count, MigrationTelemetry.Failures, MigrationTelemetry.StatementDuration, MigrationTelemetry.LockWait },
            measures.ToHashSet());
        Assert.DoesNotContain(spans, span => span.TagObjects.Any(tag => tag.Value?.ToString()?.Contains("hidden", StringComparison.Ordinal) == true));
    }

    [Fact]
    public async Task Up_StatementWaitsForALock_LogsWhoHoldsIt()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "-- lock-timeout: 30s\nALTER TABLE a ADD COLUMN b int;");
        await database.Runner().UpAsync(new UpRequest(To: "1"), Cancellation);
        await using var blocker = (NpgsqlConnection)database.Connect();
        await blocker.OpenAsync(Cancellation);
        await using var transaction = await blocker.BeginTransactionAsync(Cancellation);
        await using (var read = new NpgsqlCommand("SELECT * FROM a", blocker, transaction))
        {
            await read.ExecuteNonQueryAsync(Cancellation);
        }

        var log = new RecordedLog($"held up by session {blocker.ProcessID}");
        var up = database.Runner(options => options.SlowAfter = TimeSpan.FromMilliseconds(200), log).UpAsync(Cancellation);
        await log.Seen.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await transaction.RollbackAsync(Cancellation);
        Assert.Single(await up);
    }

    [Fact]
    public async Task Up_LockTimeout_FailsInsteadOfWaiting()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);").Write("2_b.up.sql", "-- lock-timeout: 100ms\nALTER TABLE a ADD COLUMN b int;");
        await database.Runner().UpAsync(new UpRequest(To: "1"), Cancellation);
        await using var blocker = (NpgsqlConnection)database.Connect();
        await blocker.OpenAsync(Cancellation);
        await using var transaction = await blocker.BeginTransactionAsync(Cancellation);
        await using (var read = new NpgsqlCommand("SELECT * FROM a", blocker, transaction))
        {
            await read.ExecuteNonQueryAsync(Cancellation);
        }

        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("55P03", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestEngine.Postgres, "SELECT pg_sleep(60)")]
    [InlineData(TestEngine.MySql, "CREATE TABLE b AS SELECT /*+ SET_VAR(cte_max_recursion_depth = 4294967295) */ count(*) AS x FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4000000000) SELECT x FROM c) AS y")]
    [InlineData(TestEngine.Sqlite, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000000000) SELECT count(*) FROM c")]
    public async Task Up_StatementTimeout_CancelsTheStatement(TestEngine engine, string sql)
    {
        using var database = await TestDatabase.CreateAsync(engine, postgres, mysql);
        database.Write("1_a.up.sql", $"-- statement-timeout: 300ms\n{sql};");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    [Fact]
    public async Task Up_NothingToDoOnPostgres_SendsAtMostThreeStatements()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);

        var statements = new ConcurrentBag<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.TagObjects.Any(tag => tag.Value as string == new NpgsqlConnectionStringBuilder(database.ConnectionString).Database)
                    && (activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")) is string text)
                {
                    statements.Add(text);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
        Assert.InRange(statements.Count, 1, 3);
    }

    [Fact]
    public async Task Up_NothingToDoOnMySql_SendsAtMostThreeStatements()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.MySql, postgres, mysql);
        database.Write("1_a.up.sql", "CREATE TABLE a (id int);");
        await database.Runner().UpAsync(Cancellation);

        // The server counts; the second reading includes the first's own query.
        const string Count = "SELECT COALESCE(SUM(COUNT_STAR), 0) FROM performance_schema.events_statements_summary_by_digest WHERE SCHEMA_NAME = DATABASE()";
        var before = long.Parse((await database.QueryAsync(Count))!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Empty(await database.Runner().UpAsync(Cancellation));
        var after = long.Parse((await database.QueryAsync(Count))!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(after - before - 1, 1, 3);
    }

    private sealed class RecordedLog(string awaited) : ILogger<MigrationRunner>
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains(awaited, StringComparison.Ordinal))
            {
                _seen.TrySetResult();
            }
        }
    }
}

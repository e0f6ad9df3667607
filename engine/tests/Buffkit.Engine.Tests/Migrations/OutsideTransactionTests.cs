using Buffkit.Migrations;

namespace Buffkit.Tests;

/// <summary>Statements that PostgreSQL runs outside of transactions only, in scripts whose statements commit one by one.</summary>
public sealed class OutsideTransactionTests(PostgresServer postgres, MySqlServer mysql)
{
    private const string Partitioned =
        """
        -- no-transaction
        CREATE TABLE t (a int NOT NULL) PARTITION BY RANGE (a);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (10);
        CREATE INDEX i ON t (a);

        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("create index /* big */ concurrently j on t1 (a);")]
    [InlineData("create -- big\nunique index concurrently j on t1 (a);")]
    [InlineData("create /* a /* nested */ one */ index concurrently j on t1 (a);")]
    [InlineData("alter table t detach /* no */ partition t1 -- and\n concurrently;")]
    [InlineData("reindex (/* x */ concurrently) table t1;")]
    [InlineData("alter /* x */ system reset work_mem;")]
    [InlineData("reindex table t;")]
    [InlineData("reindex index i;")]
    [InlineData("cluster t using i;")]
    [InlineData("create procedure p() language plpgsql as $$ begin commit; end $$;\ndo $$ begin call p(); end $$;")]
    public async Task Up_StatementThatWantsNoTransaction_RunsAlone(string sql)
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", Partitioned + sql + "\nCREATE TABLE after_it (a int);");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal(MigrationState.Applied, (await database.StateOfAsync("1_a")).State);
        Assert.Equal("0", await database.QueryAsync("SELECT count(*) FROM after_it"));
    }

    [Fact]
    public async Task Up_RefusedInATransactionOnly_LeavesTheStatementsBeforeItDoneOnce()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", Partitioned + "INSERT INTO t VALUES (1);\nREINDEX TABLE t;\nINSERT INTO nowhere VALUES (1);");
        await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Equal(5, (await database.StateOfAsync("1_a")).StatementsDone);

        database.Write("1_a.up.sql", Partitioned + "INSERT INTO t VALUES (1);\nREINDEX TABLE t;");
        await database.Runner().UpAsync(Cancellation);
        Assert.Equal("1", await database.QueryAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Up_RefusedInsideAMigrationsTransaction_NamesTheDirective()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", Partitioned["-- no-transaction\n".Length..]).Write("2_b.up.sql", "REINDEX TABLE t;");
        var e = await Assert.ThrowsAsync<MigrationFailedException>(() => database.Runner().UpAsync(Cancellation));
        Assert.Contains("'-- no-transaction'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_ReleaseOfAllLocksBehindAComment_IsRefused()
    {
        using var database = await TestDatabase.CreateAsync(TestEngine.Postgres, postgres, mysql);
        database.Write("1_a.up.sql", "DISCARD /* everything */ ALL;");
        await Assert.ThrowsAsync<MigrationValidationException>(() => database.Runner().UpAsync(Cancellation));
    }
}

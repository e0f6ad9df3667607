using System.Diagnostics;
using Buffkit.Migrations;
using DbUp;
using DbUp.Engine;
using DbUp.Engine.Output;

namespace Buffkit.Tests;

/// <summary>
/// 1,000 small migrations against plain DbUp with a transaction per script, in turns in one run. A measurement, no
/// assertion on a busy machine, so it runs on request only:
/// <c>dotnet test --project Buffkit.Tests --filter-class '*PlainDbUpComparison' --explicit only --output detailed</c>.
/// </summary>
public sealed class PlainDbUpComparison(PostgresServer postgres, MySqlServer mysql)
{
    private const int Migrations = 1000;
    private const int Rounds = 3;

    [Fact(Explicit = true)]
    public async Task ThousandMigrationsOnPostgres_TakeNoLongerThanPlainDbUp()
    {
        var ours = new List<double>();
        var plain = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            using var database = await TestDatabase.CreateAsync(MigrationEngine.Postgres, postgres, mysql);
            for (var n = 1; n <= Migrations; n++)
            {
                database.Write($"{n}_t.up.sql", Script(n));
            }

            var started = Stopwatch.GetTimestamp();
            Assert.Equal(Migrations, (await database.Runner().UpAsync(TestContext.Current.CancellationToken)).Count);
            ours.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);

            using var other = await TestDatabase.CreateAsync(MigrationEngine.Postgres, postgres, mysql);
            started = Stopwatch.GetTimestamp();
            var result = DeployChanges.To.PostgresqlDatabase(other.ConnectionString)
                .WithScripts(Enumerable.Range(1, Migrations).Select(n => new SqlScript($"{n:0000}_t.sql", Script(n))))
                .WithVariablesDisabled().WithTransactionPerScript().LogTo(new NoOpUpgradeLog()).Build().PerformUpgrade();
            plain.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            Assert.True(result.Successful);
        }

        var ratio = ours.Min() / plain.Min();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"ours {string.Join(" ", ours.Select(s => $"{s:0.00}"))} s, plain DbUp {string.Join(" ", plain.Select(s => $"{s:0.00}"))} s, ratio of the best {ratio:0.00}");
        Assert.True(ratio <= 1, $"ratio {ratio:0.00}");
    }

    private static string Script(int n) => $"CREATE TABLE t{n} (id int NOT NULL PRIMARY KEY, name text);";
}

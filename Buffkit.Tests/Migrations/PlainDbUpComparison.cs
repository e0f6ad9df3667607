using System.Diagnostics;
using Buffkit.Migrations;
using DbUp;
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
    private const int Rounds = 6;

    [Fact(Explicit = true)]
    public async Task ThousandMigrationsOnPostgres_TakeNoLongerThanPlainDbUp()
    {
        var ours = new List<double>();
        var plain = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            using var database = await TestDatabase.CreateAsync(MigrationEngine.Postgres, postgres, mysql);
            using var other = await TestDatabase.CreateAsync(MigrationEngine.Postgres, postgres, mysql);
            for (var n = 1; n <= Migrations; n++)
            {
                database.Write($"{n}_t.up.sql", $"CREATE TABLE t{n} (id int NOT NULL PRIMARY KEY, name text);");
            }

            // In turns: whoever comes first finds the machine otherwise than whoever comes second.
            if (round % 2 == 0)
            {
                plain.Add(RunPlain(other, database.Scripts));
                ours.Add(await RunOursAsync(database));
            }
            else
            {
                ours.Add(await RunOursAsync(database));
                plain.Add(RunPlain(other, database.Scripts));
            }
        }

        var ratio = ours.Min() / plain.Min();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"ours {string.Join(" ", ours.Select(s => $"{s:0.00}"))} s, plain DbUp {string.Join(" ", plain.Select(s => $"{s:0.00}"))} s, ratio of the best {ratio:0.00}");
        Assert.True(ratio <= 1, $"ratio {ratio:0.00}");
    }

    private static async Task<double> RunOursAsync(TestDatabase database)
    {
        var started = Stopwatch.GetTimestamp();
        Assert.Equal(Migrations, (await database.Runner().UpAsync(TestContext.Current.CancellationToken)).Count);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double RunPlain(TestDatabase database, string scripts)
    {
        var started = Stopwatch.GetTimestamp();
        var result = DeployChanges.To.PostgresqlDatabase(database.ConnectionString)
            .WithScriptsFromFileSystem(scripts)
            .WithVariablesDisabled().WithTransactionPerScript().LogTo(new NoOpUpgradeLog()).Build().PerformUpgrade();
        Assert.True(result.Successful, result.Error?.Message);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}

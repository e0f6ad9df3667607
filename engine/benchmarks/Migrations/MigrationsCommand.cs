using System.CommandLine;
using System.Globalization;
using Npgsql;

namespace Buffkit.Benchmarks;

/// <summary><c>migrations</c>: small migrations on PostgreSQL beside plain DbUp with a transaction per script, in turns.</summary>
internal static class MigrationsCommand
{
    private const int WarmUpMigrations = 20;

    public static Command Create()
    {
        var connection = new Option<string>("--connection")
        {
            Description = "A PostgreSQL server, by a login that may create databases: Host=…;Username=…;Password=…. Each run gets a database of its own, dropped at its end.",
            Required = true,
        };
        var migrations = new Option<int>("--migrations") { Description = "Migrations per run, each one CREATE TABLE.", DefaultValueFactory = _ => 1_000 };
        var rounds = new Option<int>("--rounds") { Description = "How often both run; who begins alternates.", DefaultValueFactory = _ => 6 };
        var command = new Command("migrations", "Applies small migrations to PostgreSQL, beside plain DbUp.") { connection, migrations, rounds };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(connection),
            Math.Max(1, parsed.GetValue(migrations)),
            Math.Max(1, parsed.GetValue(rounds)),
            cancellationToken));
        return command;
    }

    private static async Task RunAsync(string connection, int migrations, int rounds, CancellationToken cancellationToken)
    {
        try
        {
            // No one is charged for compiling.
            using (var few = new MigrationFolder(WarmUpMigrations))
            {
                await new MigrationRound(connection, few).RunAsync(oursFirst: true, cancellationToken);
            }

            using var folder = new MigrationFolder(migrations);
            Console.WriteLine($"{migrations} migrations, seconds; a ratio below 1 is in favour of the runner here");
            var times = new List<(double Ours, double Plain)>();
            for (var round = 0; round < rounds; round++)
            {
                var (ours, plain) = await new MigrationRound(connection, folder).RunAsync(round % 2 == 0, cancellationToken);
                times.Add((ours, plain));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"round {round + 1,2}: runner {ours,7:0.00}, plain DbUp {plain,7:0.00}, ratio {ours / plain:0.00}"));
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"median ratio {Medians.Of(times.Select(pair => pair.Ours / pair.Plain)):0.00}, ratio of the best {times.Min(pair => pair.Ours) / times.Min(pair => pair.Plain):0.00}"));
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException)
        {
            throw new CannotMeasureException($"The PostgreSQL server of --connection cannot be used: {e.Message}");
        }
    }
}

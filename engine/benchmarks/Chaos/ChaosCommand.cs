using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary><c>chaos</c>: nodes, Redis, databases and clients through everything that befalls them in production, and each history judged.</summary>
internal static class ChaosCommand
{
    // Of a round without an end: a program that hangs is a finding too.
    private static readonly TimeSpan RoundPatience = TimeSpan.FromMinutes(3);

    public static Command Create()
    {
        var rounds = new Option<int>("--rounds") { Description = "How many rounds.", DefaultValueFactory = _ => 20 };
        var seed = new Option<int>("--seed") { Description = "What all is drawn by; by default another each time.", DefaultValueFactory = _ => Random.Shared.Next() };
        var first = new Option<int>("--first") { Description = "The number of the first round, to repeat one that failed.", DefaultValueFactory = _ => 1 };
        var systems = new Option<string[]>("--systems")
        {
            Description = "Which systems, each in its turn: alone (one node on SQLite), postgres, mysql (two nodes on Redis).",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["alone", "postgres", "mysql"],
        };
        systems.AcceptOnlyFromAmong("alone", "postgres", "mysql");
        var command = new Command("chaos", "Runs nodes, Redis, databases and clients through faults at random and judges what each client was given.") { rounds, seed, first, systems };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(seed), parsed.GetValue(first), Math.Max(1, parsed.GetValue(rounds)), parsed.GetRequiredValue(systems), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int seed, int first, int rounds, string[] names, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            throw new CannotMeasureException("Chaos halts processes by signals and starts servers in containers; run it on Linux.");
        var folder = Directory.CreateTempSubdirectory("chaos-");
        var report = new ChaosReport();
        await using (var setting = new ChaosSetting(folder, seed))
        {
            var began = Stopwatch.GetTimestamp();
            Say($"seed {seed}; starting {string.Join(", ", names)}");
            await setting.StartAsync(names, cancellationToken);
            Say($"started in {Stopwatch.GetElapsedTime(began).TotalSeconds:N0} s");
            for (var round = first; round < first + rounds; round++)
            {
                // Which one by the number alone, so that a round that is repeated by itself meets the same one.
                var name = names[round % names.Length];
                var system = await setting.SystemAsync(name, cancellationToken);
                var result = await RunRoundAsync(system, SeedOf(seed, round), cancellationToken);
                report.Add(result);
                Say($"{round,5} {name,-9}{string.Join(" + ", result.Faults),-44}{result.Accepted,5} events {result.Orders,4} orders {result.Clients} clients {result.Gaps,2} gaps {result.Complete.TotalSeconds,6:N2} s  {(result.Found.Count == 0 ? "ok" : "FAILED")}");
                if (result.Found.Count == 0)
                    continue;
                foreach (var what in result.Found)
                    Say($"      {what}");
                Say($"      again: chaos --seed {seed} --first {round} --rounds 1 --systems {string.Join(' ', names)}; logs in {system.Folder.FullName}");
                await setting.AbandonAsync(name);
            }
        }

        report.Write(Console.Out);
        if (report.Failed > 0)
            return 1;
        folder.Delete(recursive: true);
        return 0;
    }

    private static async Task<ChaosResult> RunRoundAsync(ChaosSystem system, int seed, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(RoundPatience);
        try
        {
            return await new ChaosRound(system, seed).RunAsync(patience.Token);
        }
        catch (Exception e) when (e is not CannotMeasureException && !cancellationToken.IsCancellationRequested)
        {
            return new ChaosResult(["did not end"], 0, 0, 0, 0, 0, RoundPatience, [patience.IsCancellationRequested ? $"no end after {RoundPatience}" : e.ToString()]);
        }
    }

    // HashCode.Combine differs from process to process.
    private static int SeedOf(int seed, int round) => unchecked((seed * 397) ^ (round * 7_919));

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}

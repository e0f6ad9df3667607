using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Running;

namespace Buffkit.Benchmarks;

/// <summary><c>micro</c>: the engine's parts under BenchmarkDotNet.</summary>
internal static class MicroCommand
{
    // One entry per part of the engine; a new part (compression of a frame, another wire form) is a class here.
    private static readonly Type[] Parts =
    [
        typeof(EncodeBenchmarks),
        typeof(DispatchBenchmarks),
        typeof(TailBenchmarks),
        typeof(TopicMatchBenchmarks),
        typeof(StrangersBenchmarks),
    ];

    public static Command Create()
    {
        var command = new Command("micro", "Runs BenchmarkDotNet; what follows are its own arguments, such as --filter '*Tail*' --job short.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(parsed => Run([.. parsed.UnmatchedTokens]));
        return command;
    }

    private static int Run(string[] arguments)
    {
        // Without a filter BenchmarkDotNet would ask on the console; all is what one mostly wants.
        if (!arguments.Contains("--filter") && !arguments.Contains("-f") && !arguments.Contains("--list"))
            arguments = [.. arguments, "--filter", "*"];
        var configuration = DefaultConfig.Instance.AddDiagnoser(MemoryDiagnoser.Default);
        return BenchmarkSwitcher.FromTypes(Parts).Run(arguments, configuration).Any() ? 0 : 1;
    }
}

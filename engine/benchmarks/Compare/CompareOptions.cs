using System.CommandLine;

namespace Buffkit.Benchmarks;

/// <summary>Options of <c>compare</c>.</summary>
internal sealed class CompareOptions(string[] scenarios, string[] servers)
{
    public LoadOptions Load { get; } = new();

    public Option<string[]> Scenarios { get; } = Chosen("--scenarios", "What to measure.", scenarios);

    public Option<string[]> Servers { get; } = Chosen("--servers", "What to compare; ratios are the first's to each other's.", servers);

    public Option<int> Rounds { get; } = new("--rounds") { Description = "Turns of each server per scenario.", DefaultValueFactory = _ => 3 };

    public Option<int> SteadyConnections { get; } = LoadOptions.Connections(5_000, "--steady-connections");

    public Option<double> Rate { get; } = new("--rate") { Description = "Steady: events a second.", DefaultValueFactory = _ => 20 };

    public Option<int> FloodConnections { get; } = LoadOptions.Connections(500, "--flood-connections");

    public Option<int> IdleConnections { get; } = LoadOptions.Connections(10_000, "--idle-connections");

    public Option<double> Settle { get; } = new("--settle") { Description = "Idle: seconds to come to rest.", DefaultValueFactory = _ => 4 };

    public Option<int> Workers { get; } = new("--workers")
    {
        Description = "Worker processes of nginx.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

    public Option<FileInfo?> Nginx { get; } = new("--nginx") { Description = "The nginx program, where it is not found by itself." };

    public Option<FileInfo?> NchanModule { get; } = new("--nchan-module") { Description = "ngx_nchan_module.so, where it is not found by itself." };

    public Option<string[]> Settings { get; } = new("--set")
    {
        Description = "Configuration of this API, such as Streams:Delivery:MaxBatchBytes=16384; may be repeated.",
    };

    public Option<FileInfo?> Json { get; } = new("--json") { Description = "File for all rounds and medians." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[
            Scenarios, Servers, Rounds, SteadyConnections, Rate, FloodConnections, IdleConnections, Settle, Workers, Nginx, NchanModule, Settings, Json])
            command.Options.Add(option);
        Load.AddTo(command);
    }

    private static Option<string[]> Chosen(string name, string description, string[] from)
    {
        var option = new Option<string[]>(name)
        {
            Description = $"{description} Default all.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => from,
        };
        option.AcceptOnlyFromAmong(from);
        return option;
    }
}

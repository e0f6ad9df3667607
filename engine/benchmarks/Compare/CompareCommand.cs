using System.CommandLine;

namespace Buffkit.Benchmarks;

/// <summary><c>compare</c>: this API beside other servers, in turns, in one run.</summary>
internal static class CompareCommand
{
    private static readonly string[] ScenarioNames = ["steady", "flood", "flood-single", "idle"];
    private static readonly string[] ServerNames = ["api", "plain", "nchan"];

    public static Command Create()
    {
        var options = new CompareOptions(ScenarioNames, ServerNames);
        var command = new Command("compare", "Measures this API beside a plain ASP.NET Core server and nginx with nchan, in turns.");
        options.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, options, cancellationToken));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CompareOptions options, CancellationToken cancellationToken)
    {
        var kinds = Kinds(parsed, options);
        OpenFiles.Require(parsed.GetRequiredValue(options.Scenarios).Max(name => Scenario(name, parsed, options).Connections));
        var comparison = new Comparison(kinds, Math.Max(1, parsed.GetValue(options.Rounds)));
        var results = new List<(Scenario, List<Observation>)>();
        foreach (var name in parsed.GetRequiredValue(options.Scenarios))
        {
            var scenario = Scenario(name, parsed, options);
            var observations = await comparison.RunAsync(scenario, cancellationToken);
            results.Add((scenario, observations));
            ComparisonTable.Write(Console.Out, scenario, observations);
        }

        if (parsed.GetValue(options.Json) is { } file)
            await ComparisonJson.WriteAsync(file.FullName, results, cancellationToken);
    }

    private static List<ServerKind> Kinds(ParseResult parsed, CompareOptions options)
    {
        var kinds = new List<ServerKind>();
        foreach (var name in parsed.GetRequiredValue(options.Servers))
        {
            ServerKind kind = name switch
            {
                "api" => new ApiServer(parsed.GetValue(options.Settings) ?? []),
                "plain" => new PlainServer(),
                _ => new NchanServer(
                    Math.Max(1, parsed.GetValue(options.Workers)), parsed.GetValue(options.Nginx)?.FullName, parsed.GetValue(options.NchanModule)?.FullName),
            };
            if (kind.Missing is { } missing)
                Console.Error.WriteLine(missing);
            else
                kinds.Add(kind);
        }

        return kinds;
    }

    private static Scenario Scenario(string name, ParseResult parsed, CompareOptions options)
    {
        var steady = options.Load.Shape(parsed, parsed.GetValue(options.SteadyConnections));
        var flood = options.Load.Shape(parsed, parsed.GetValue(options.FloodConnections));
        var rate = parsed.GetValue(options.Rate);
        var idle = parsed.GetValue(options.IdleConnections);
        return name switch
        {
            "steady" => new LoadScenario(name, $"{steady.Connections} connections, {rate} events a second to each", steady, new SteadyPace(rate)),
            "flood" => new LoadScenario(name, $"{flood.Connections} connections, as fast as they receive", flood, options.Load.Flood(parsed)),
            "flood-single" => new LoadScenario(
                name, $"{flood.Connections} connections, as fast as they receive, one event per publish request", flood, options.Load.FloodSingle(parsed)),
            _ => new IdleScenario(name, $"{idle} connections that wait", idle, TimeSpan.FromSeconds(parsed.GetValue(options.Settle))),
        };
    }
}

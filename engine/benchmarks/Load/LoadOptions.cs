using System.CommandLine;

namespace Buffkit.Benchmarks;

/// <summary>Options that every command which makes a load has.</summary>
internal sealed class LoadOptions
{
    private readonly Option<double> _warmUp = new("--warm-up")
    {
        Description = "Seconds under load before the measurement.",
        DefaultValueFactory = _ => 3,
    };

    private readonly Option<double> _duration = new("--duration")
    {
        Description = "Seconds measured.",
        DefaultValueFactory = _ => 10,
    };

    private readonly Option<int> _payload = new("--payload")
    {
        Description = $"Bytes of an event's payload, at least {Stamp.Length}.",
        DefaultValueFactory = _ => 128,
    };

    private readonly Option<int> _window = new("--window")
    {
        Description = "Flood: most events published but not yet received by every subscriber; 0 bounds only unanswered requests.",
        DefaultValueFactory = _ => 128,
    };

    private readonly Option<int> _batch = new("--batch")
    {
        Description = "Flood: most events in one publish request, where the server takes several.",
        DefaultValueFactory = _ => 32,
    };

    public static Option<int> Connections(int byDefault, string name = "--connections") => new(name)
    {
        Description = "Streams that are open at once.",
        DefaultValueFactory = _ => byDefault,
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_warmUp, _duration, _payload, _window, _batch])
            command.Options.Add(option);
    }

    public LoadShape Shape(ParseResult parsed, int connections) => new(
        connections,
        Publishers: 1,
        Math.Max(Stamp.Length, parsed.GetValue(_payload)),
        TimeSpan.FromSeconds(parsed.GetValue(_warmUp)),
        TimeSpan.FromSeconds(parsed.GetValue(_duration)));

    public FloodPace Flood(ParseResult parsed) => new(parsed.GetValue(_window), parsed.GetValue(_batch));

    /// <summary>A flood whose every publish request carries one event.</summary>
    public FloodPace FloodSingle(ParseResult parsed) => new(parsed.GetValue(_window), perRequest: 1);
}

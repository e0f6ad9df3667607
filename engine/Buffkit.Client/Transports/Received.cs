using System.Text.Json;

namespace Buffkit.Client;

internal enum ReceivedKind
{
    Event,
    Open,
    Live,
    Gap,
    Close,

    /// <summary>Moves the cursor, at most.</summary>
    Nothing,
}

/// <summary>One thing that came over a connection.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Cursor">Where the client is once it is dealt with; nothing where the client stays where it is.</param>
/// <param name="Event">The event.</param>
/// <param name="Control">What a control event says.</param>
internal sealed record Received(ReceivedKind Kind, string? Cursor, StreamEvent? Event = null, ControlData? Control = null)
{
    public static ReceivedKind KindOf(string type) => type switch
    {
        "stream.open" => ReceivedKind.Open,
        "stream.live" => ReceivedKind.Live,
        "stream.gap" => ReceivedKind.Gap,
        "stream.close" => ReceivedKind.Close,
        "stream.heartbeat" => ReceivedKind.Nothing,
        // Types that begin so are the server's; one that is newer than this client is passed over.
        _ => type.StartsWith("stream.", StringComparison.Ordinal) ? ReceivedKind.Nothing : ReceivedKind.Event,
    };
}

/// <summary>The members of all control events; each has some of them.</summary>
internal sealed record ControlData
{
    public bool Recovered { get; private init; }

    public string? Session { get; private init; }

    public string? Epoch { get; private init; }

    public string? Latest { get; private init; }

    public long Replayed { get; private init; }

    public string? After { get; private init; }

    public string? Next { get; private init; }

    public string? Reason { get; private init; }

    public TimeSpan? Retry { get; private init; }

    public static ControlData Live(long replayed, string? latest) => new() { Replayed = replayed, Latest = latest };

    public static ControlData Read(JsonElement data)
    {
        if (data.ValueKind is not JsonValueKind.Object)
            return new ControlData();
        return new ControlData
        {
            Recovered = data.TryGetProperty("recovered", out var recovered) && recovered.ValueKind is JsonValueKind.True,
            Session = Text(data, "session"),
            Epoch = Text(data, "epoch"),
            Latest = Text(data, "latest"),
            Replayed = Number(data, "replayed") ?? 0,
            After = Text(data, "after"),
            Next = Text(data, "next"),
            Reason = Text(data, "reason"),
            Retry = Number(data, "retryMs") is >= 0 and var ms ? TimeSpan.FromMilliseconds(Math.Min(ms, (long)TimeSpan.FromDays(1).TotalMilliseconds)) : null,
        };
    }

    public static ControlData Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = WireJson.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new ControlData();
        }
    }

    private static string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? WireJson.Text(value) : null;

    private static long? Number(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Buffkit.Client;

/// <summary>One event.</summary>
public sealed class StreamEvent
{
    private string? _text;

    internal StreamEvent()
    {
    }

    /// <summary>
    /// Its id, which is the cursor to go on from. From a <see cref="EventStreamClientOptions.PlainServer"/> it is the last id that came, with this event or
    /// before; empty where none did.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>What happened, such as <c>order.created</c>; <c>message</c> where a plain server does not say.</summary>
    public required string Type { get; init; }

    /// <summary>The topic it was published to. A plain server has none.</summary>
    public string? Topic { get; init; }

    /// <summary>What it is about within its topic, where the publisher said so.</summary>
    public string? Key { get; init; }

    /// <summary>When the log took it, or the time that its publisher gave it.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The CloudEvents source.</summary>
    public string? Source { get; init; }

    /// <summary>The media type of <see cref="Data"/>; nothing from a plain server, or where there is no data.</summary>
    public string? ContentType { get; init; }

    /// <summary>The payload: JSON or text in UTF-8, or bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>
    /// <see cref="Data"/> is a JWE that could not be opened: the caller gets no key for it, or it was made for another topic or type.
    /// </summary>
    public bool IsEncrypted { get; init; }

    /// <summary>The CloudEvents attributes that have no property here, by their names: <c>subject</c>, <c>traceparent</c>, the publisher's own.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = EmptyAttributes;

    internal static IReadOnlyDictionary<string, string> EmptyAttributes { get; } = new Dictionary<string, string>();

    /// <summary>The payload as text: a JSON string is its text, everything else, a string that is no text included, is <see cref="Data"/> read as UTF-8.</summary>
    public string Text => _text ??= ReadText();

    /// <summary>Reads the payload as JSON, without reflection.</summary>
    /// <param name="type">How, from a <c>JsonSerializerContext</c>.</param>
    /// <returns>The value.</returns>
    /// <exception cref="JsonException">The payload is not such JSON.</exception>
    public T? Deserialize<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Data.Span, type);

    /// <summary>Reads a payload that is a <c>data:</c> URI (RFC 2397), as binary events come in the raw format.</summary>
    /// <param name="mediaType">What the bytes are.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>Whether it is one.</returns>
    public bool TryReadDataUri([NotNullWhen(true)] out string? mediaType, out ReadOnlyMemory<byte> bytes)
    {
        (mediaType, bytes) = (null, default);
        var text = Text;
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        if (!text.StartsWith("data:", StringComparison.OrdinalIgnoreCase) || comma < 0)
            return false;
        var head = text["data:".Length..comma];
        const string Base64 = ";base64";
        try
        {
            var isBase64 = head.EndsWith(Base64, StringComparison.OrdinalIgnoreCase);
            bytes = isBase64 ? Convert.FromBase64String(text[(comma + 1)..]) : Encoding.UTF8.GetBytes(Uri.UnescapeDataString(text[(comma + 1)..]));
            // The default of RFC 2397, section 2.
            mediaType = isBase64 ? head[..^Base64.Length] : head;
            mediaType = mediaType.Length == 0 ? "text/plain;charset=US-ASCII" : mediaType;
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>
    /// Starts an activity that goes on with the trace in which the event was published, where its publisher sent <c>traceparent</c>;
    /// else with the caller's.
    /// </summary>
    /// <returns>The activity, to be disposed of when the event is dealt with; nothing where nobody listens.</returns>
    public Activity? StartActivity()
    {
        Attributes.TryGetValue("traceparent", out var parent);
        Attributes.TryGetValue("tracestate", out var state);
        var activity = ActivityContext.TryParse(parent, state, isRemote: true, out var context)
            ? EventStreamTelemetry.Source.StartActivity($"process {Type}", ActivityKind.Consumer, context)
            : EventStreamTelemetry.Source.StartActivity($"process {Type}", ActivityKind.Consumer);
        activity?.SetTag("messaging.message.id", Id);
        activity?.SetTag("messaging.destination.name", Topic);
        return activity;
    }

    private string ReadText()
    {
        if (Data.Length > 0 && Data.Span[0] == (byte)'"' && ContentType is not null && MediaTypes.IsJson(ContentType))
        {
            try
            {
                var reader = new Utf8JsonReader(Data.Span);
                if (reader.Read() && reader.TokenType is JsonTokenType.String)
                    return reader.GetString()!;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // No JSON after all, or a string that is no text: half a surrogate pair.
            }
        }

        return Encoding.UTF8.GetString(Data.Span);
    }
}

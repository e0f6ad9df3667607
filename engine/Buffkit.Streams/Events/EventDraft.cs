using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Buffkit.Streams;

/// <summary>An event before the log gave it an id: what a publisher hands over.</summary>
public sealed record EventDraft
{
    /// <summary>Longest <see cref="Key"/>, in characters.</summary>
    public const int MaxKeyLength = 256;

    /// <summary>Longest <see cref="ContentType"/>, in characters.</summary>
    public const int MaxContentTypeLength = 256;

    private readonly string _type = "";
    private readonly string? _key;
    private readonly string? _contentType;

    /// <summary>Where the event is published.</summary>
    public required Topic Topic { get; init; }

    /// <summary>What happened, such as <c>order.created</c>; see <see cref="EventType"/> for the rules.</summary>
    /// <exception cref="FormatException">The value is not a type.</exception>
    public required string Type
    {
        get => _type;
        init => _type = EventType.Check(value) is { } error ? throw new FormatException(error) : value;
    }

    /// <summary>
    /// The payload: UTF-8 JSON where <see cref="ContentType"/> is <see langword="null"/> or a media type of JSON, otherwise any bytes.
    /// Checked and copied when it is published.
    /// </summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Media type of the payload, at most <see cref="MaxContentTypeLength"/> characters; <see langword="null"/> means JSON.</summary>
    /// <exception cref="FormatException">The value is not a media type.</exception>
    public string? ContentType
    {
        get => _contentType;
        init => _contentType = value is null || MediaType.Check(value) is not { } error ? value : throw new FormatException(error);
    }

    /// <summary>The payload is known to be compact JSON, or to be no JSON, in a buffer that nobody changes any more.</summary>
    internal bool IsOwned { get; init; }

    /// <summary>What the event is about within its topic: of several with one key the newest may stand for all.</summary>
    /// <exception cref="FormatException">The key is too long or has control characters.</exception>
    public string? Key
    {
        get => _key;
        init => _key = CheckKey(value) is { } error ? throw new FormatException(error) : value;
    }

    /// <summary>What the event said about itself where it was published as a CloudEvent.</summary>
    public CloudEventAttributes? CloudEvent { get; init; }

    /// <summary>
    /// The span in which the event came to be, as a <c>traceparent</c> of W3C: who delivers it and who reads it go on with that trace. Not
    /// what the event says: it plays no part in whether two requests are the same, and what is none is left out, whoever wrote it.
    /// </summary>
    internal string? TraceParent
    {
        get;
        init => field = value is { Length: TraceParentLength } && ActivityContext.TryParse(value, null, out _) ? value : null;
    }

    // W3C Trace Context, version 00.
    private const int TraceParentLength = 55;

    /// <summary>Makes an event of a value, as JSON by the web defaults.</summary>
    public static EventDraft Json<T>(Topic topic, string type, T data, string? key = null) => new()
    {
        Topic = topic,
        Type = type,
        Key = key,
        Data = JsonSerializer.SerializeToUtf8Bytes(data, PayloadJson.Options),
        IsOwned = true,
    };

    /// <summary>Makes an event of a value, as JSON by its generated contract (no reflection).</summary>
    public static EventDraft Json<T>(Topic topic, string type, T data, JsonTypeInfo<T> contract, string? key = null) => new()
    {
        Topic = topic,
        Type = type,
        Key = key,
        Data = JsonSerializer.SerializeToUtf8Bytes(data, contract),
    };

    internal static string? CheckKey(string? key) => key switch
    {
        null => null,
        "" => "A key is not empty; leave it out instead.",
        { Length: > MaxKeyLength } => $"A key has at most {MaxKeyLength} characters.",
        _ => PrintableText.Check(key, "key"),
    };
}

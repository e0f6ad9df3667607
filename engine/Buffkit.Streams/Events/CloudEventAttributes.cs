namespace Buffkit.Streams;

/// <summary>What a publisher's CloudEvent said about itself, kept for those who read it as one.</summary>
/// <param name="Id">The publisher's own id; subscribers find it in the extension <see cref="OriginId"/>.</param>
/// <param name="Source">Where it came from, a URI reference.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Time">When it happened, as in RFC 3339: a text, since that may have more digits than a <see cref="DateTimeOffset"/>, and leap seconds.</param>
/// <param name="DataSchema">The schema of its data, a URI.</param>
/// <param name="DataContentType">The media type of JSON data, where it is another than <c>application/json</c>.</param>
/// <param name="Extensions">Other attributes, in the order they came.</param>
/// <param name="HasTextData">Data of another media type than JSON came as text, and goes out as text.</param>
public sealed record CloudEventAttributes(
    string Id,
    string Source,
    string? Subject,
    string? Time,
    string? DataSchema,
    string? DataContentType,
    IReadOnlyList<CloudEventExtension> Extensions,
    bool HasTextData = false)
{
    /// <summary>Name of the extension that carries the publisher's own id, since <c>id</c> is the event id.</summary>
    public const string OriginId = "originid";

    /// <summary>Name of the extension that carries the topic.</summary>
    public const string Topic = "topic";

    /// <summary>Name of the extension that carries the key.</summary>
    public const string Key = "key";

    /// <summary>Name of the extension that carries the trace (CloudEvents, distributed tracing extension).</summary>
    internal const string TraceParentName = "traceparent";

    private const string TraceStateName = "tracestate";

    /// <summary>The publisher's own trace.</summary>
    internal string? TraceParent => Find(TraceParentName);

    /// <summary>Whether the publisher said anything of a trace.</summary>
    internal bool HasTrace => TraceParent is not null || Find(TraceStateName) is not null;

    private string? Find(string name)
    {
        // By index: an enumerator would be an allocation for each event.
        for (var i = 0; i < Extensions.Count; i++)
        {
            if (Extensions[i].Name == name)
                return Extensions[i].Value;
        }

        return null;
    }

    internal int Size => Id.Length + Source.Length + (Subject?.Length ?? 0) + (Time?.Length ?? 0) + (DataSchema?.Length ?? 0)
        + (DataContentType?.Length ?? 0) + Extensions.Sum(extension => ExtensionOverhead + extension.Name.Length + extension.Value.Length);

    // Two strings and their place in a list.
    private const int ExtensionOverhead = 64;
}

/// <summary>An attribute that CloudEvents itself does not define.</summary>
/// <param name="Name">Its name, 1 to 64 characters of <c>[a-z0-9]</c>.</param>
/// <param name="Value">Its value as text: <c>true</c> or <c>false</c> for a boolean, decimal digits for an integer.</param>
/// <param name="Type">What the value is in JSON.</param>
public sealed record CloudEventExtension(string Name, string Value, CloudEventValueType Type = CloudEventValueType.Text);

/// <summary>The types that an attribute has in the JSON format (CloudEvents JSON format, section 2.2).</summary>
public enum CloudEventValueType
{
    /// <summary>A JSON string.</summary>
    Text,

    /// <summary>A JSON boolean.</summary>
    Boolean,

    /// <summary>A JSON number, an integer of 32 bits.</summary>
    Number,
}

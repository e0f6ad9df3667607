namespace Buffkit.Streams;

/// <summary>What a publisher's CloudEvent said about itself, kept for those who read it as one.</summary>
/// <param name="Id">The publisher's own id; subscribers find it in the extension <see cref="OriginId"/>.</param>
/// <param name="Source">Where it came from, a URI reference.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Time">When it happened.</param>
/// <param name="DataSchema">The schema of its data, a URI.</param>
/// <param name="DataContentType">The media type of JSON data, where it is another than <c>application/json</c>.</param>
/// <param name="Extensions">Other attributes, by name, in the order they came.</param>
public sealed record CloudEventAttributes(
    string Id,
    string Source,
    string? Subject,
    DateTimeOffset? Time,
    string? DataSchema,
    string? DataContentType,
    IReadOnlyList<KeyValuePair<string, string>> Extensions)
{
    /// <summary>Name of the extension that carries the publisher's own id, since <c>id</c> is the event id.</summary>
    public const string OriginId = "originid";

    /// <summary>Name of the extension that carries the topic.</summary>
    public const string Topic = "topic";

    /// <summary>Name of the extension that carries the key.</summary>
    public const string Key = "key";

    internal int Size => Id.Length + Source.Length + (Subject?.Length ?? 0) + (DataSchema?.Length ?? 0)
        + (DataContentType?.Length ?? 0) + Extensions.Sum(extension => ExtensionOverhead + extension.Key.Length + extension.Value.Length);

    // Two strings and their place in a list.
    private const int ExtensionOverhead = 64;
}

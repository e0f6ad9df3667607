using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Buffkit.Client;

/// <summary>An event that is to be published.</summary>
public sealed class EventToPublish
{
    private EventToPublish(string topic, string type, string? contentType, ReadOnlyMemory<byte> data, string? key)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentException.ThrowIfNullOrEmpty(type);
        (Topic, Type, ContentType, Data, Key) = (topic, type, contentType, data, key);
    }

    /// <summary>Where: segments with <c>/</c> between them.</summary>
    public string Topic { get; }

    /// <summary>What happened.</summary>
    public string Type { get; }

    /// <summary>The media type of <see cref="Data"/>.</summary>
    public string? ContentType { get; }

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>What it is about within its topic: of several with one key the newest may stand for all.</summary>
    public string? Key { get; }

    /// <summary>An event whose payload is JSON, written without reflection.</summary>
    public static EventToPublish Json<T>(string topic, string type, T data, JsonTypeInfo<T> typeInfo, string? key = null) =>
        new(topic, type, "application/json", JsonSerializer.SerializeToUtf8Bytes(data, typeInfo), key);

    /// <summary>An event whose payload is text.</summary>
    public static EventToPublish PlainText(string topic, string type, string text, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(topic, type, "text/plain;charset=utf-8", Encoding.UTF8.GetBytes(text), key);
    }

    /// <summary>An event whose payload is bytes of any media type.</summary>
    public static EventToPublish Binary(string topic, string type, ReadOnlyMemory<byte> data, string contentType, string? key = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(contentType);
        return new(topic, type, contentType, data, key);
    }
}

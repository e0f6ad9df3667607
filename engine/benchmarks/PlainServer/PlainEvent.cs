using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Benchmarks;

/// <summary>An event as the plain server takes it: the same JSON that this API takes.</summary>
internal sealed record PlainEvent(string Topic, string Type, string Data)
{
    public static async ValueTask<PlainEvent[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = await JsonDocument.ParseAsync(request.Body, default, cancellationToken);
        return body.RootElement.ValueKind is JsonValueKind.Array
            ? body.Deserialize(PlainJson.Default.PlainEventArray)!
            : [body.Deserialize(PlainJson.Default.PlainEvent)!];
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PlainEvent))]
[JsonSerializable(typeof(PlainEvent[]))]
internal sealed partial class PlainJson : JsonSerializerContext;

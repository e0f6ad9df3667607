using System.Text.Json.Serialization;

namespace Buffkit.Streams;

/// <summary>What an event said about itself, as logs and histories outside this process keep it.</summary>
// What another version or another program wrote is an error that names the entry, not an event with holes.
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CloudEventAttributes))]
internal sealed partial class EventJson : JsonSerializerContext;

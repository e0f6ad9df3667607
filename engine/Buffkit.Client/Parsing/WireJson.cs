using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>Reads JSON that another side wrote: what is odd in a member must not end a stream.</summary>
internal static class WireJson
{
    // The server takes payloads 64 deep. A CloudEvent lies one level above its payload and a batch two, so .NET's own 64 are too few.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128 };

    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, Options);

    /// <summary>A member's name.</summary>
    /// <returns>Nothing for one that is no text.</returns>
    public static string? Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A string's text. Half a surrogate pair is good JSON and no text (RFC 8259, section 8.2): such a string is read as it was written.</summary>
    public static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)[1..^1]);
        }
    }
}

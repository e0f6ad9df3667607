using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>A JSON Web Key Set (RFC 7517): the keys for A256GCM in it.</summary>
/// <param name="Keys">Those that are good, by their ids.</param>
/// <param name="IsOdd">It is no key set, or a key in it is none.</param>
internal sealed record KeySet(IReadOnlyList<(string Id, byte[] Key)> Keys, bool IsOdd)
{
    private const int KeyBytes = 32;

    public static KeySet Empty { get; } = new([], IsOdd: false);

    public static KeySet Odd { get; } = new([], IsOdd: true);

    public static KeySet Read(byte[] json)
    {
        var keys = new List<(string, byte[])>();
        var isOdd = false;
        try
        {
            using var document = WireJson.Parse(json);
            foreach (var key in document.RootElement.GetProperty("keys").EnumerateArray())
            {
                if (Text(key, "kid") is { } id && Secret(Text(key, "k")) is { } secret)
                    keys.Add((id, secret));
                else
                    isOdd = true;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            isOdd = true;
        }

        return new KeySet(keys, isOdd);
    }

    private static string? Text(JsonElement key, string name) =>
        key.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? WireJson.Text(value) : null;

    private static byte[]? Secret(string? text)
    {
        var secret = new byte[KeyBytes];
        return Base64Url.DecodeFromChars(text, secret, out _, out var length) is OperationStatus.Done && length == KeyBytes ? secret : null;
    }
}

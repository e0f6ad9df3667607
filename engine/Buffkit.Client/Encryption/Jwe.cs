using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>A JWE in the compact form (RFC 7516, section 7.1), <c>dir</c> with A256GCM.</summary>
internal sealed class Jwe
{
    private const int TagBytes = 16;
    private const int NonceBytes = 12;

    private readonly string _head;
    private readonly byte[] _nonce;
    private readonly byte[] _ciphertext;
    private readonly byte[] _tag;

    private Jwe(string head, string keyId, byte[] nonce, byte[] ciphertext, byte[] tag) =>
        (_head, KeyId, _nonce, _ciphertext, _tag) = (head, keyId, nonce, ciphertext, tag);

    public string KeyId { get; }

    public string? Topic { get; private init; }

    public string? Type { get; private init; }

    public string? ContentType { get; private init; }

    /// <returns>Nothing for what is none, or one of another kind.</returns>
    public static Jwe? Parse(ReadOnlySpan<byte> compact)
    {
        var parts = Encoding.ASCII.GetString(compact).Split('.');
        // The second part is an encrypted key, which `dir` has not.
        if (parts is not [var head, "", var nonce, var ciphertext, var tag])
            return null;
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(head));
            if (Text(header, "alg") != "dir" || Text(header, "enc") != "A256GCM" || Text(header, "kid") is not { } key || header.RootElement.TryGetProperty("zip", out _))
                return null;
            var read = new Jwe(head, key, Base64Url.DecodeFromChars(nonce), Base64Url.DecodeFromChars(ciphertext), Base64Url.DecodeFromChars(tag))
            {
                Topic = Text(header, "topic"), Type = Text(header, "type"), ContentType = Text(header, "cty"),
            };
            return read._nonce.Length == NonceBytes && read._tag.Length == TagBytes ? read : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <returns>Nothing where the key is another one, or a byte was changed.</returns>
    public byte[]? Open(byte[] key)
    {
        var plain = new byte[_ciphertext.Length];
        try
        {
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(_nonce, _ciphertext, _tag, plain, Encoding.ASCII.GetBytes(_head));
            return plain;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? Text(JsonDocument header, string name) =>
        header.RootElement.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Buffkit.Streams;

/// <summary>A session's public id: names it in <c>stream.open</c> and in logs, and opens nothing.</summary>
internal readonly record struct SessionId(string Value)
{
    /// <summary>96 bits: no two sessions meet, and the text is 16 characters.</summary>
    public const int Bytes = 12;

    // The framework's own check lets white space pass.
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static SessionId New() => Of(RandomNumberGenerator.GetBytes(Bytes));

    public static SessionId Of(ReadOnlySpan<byte> bytes) => new(Base64Url.EncodeToString(bytes));

    public static bool TryParse(string? text, out SessionId session)
    {
        session = new SessionId(text ?? "");
        return text is { Length: Bytes / 3 * 4 } && IsBase64Url(text);
    }

    /// <summary>Whether a text from outside has nothing but the characters of base64url.</summary>
    public static bool IsBase64Url(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Alphabet);

    public byte[] ToBytes() => Base64Url.DecodeFromChars(Value);

    public override string ToString() => Value;
}

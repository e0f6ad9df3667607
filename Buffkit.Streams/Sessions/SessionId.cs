using System.Buffers.Text;
using System.Security.Cryptography;

namespace Buffkit.Streams;

/// <summary>A session's public id: names it in <c>stream.open</c> and in logs, and opens nothing.</summary>
internal readonly record struct SessionId(string Value)
{
    /// <summary>96 bits: no two sessions meet, and the text is 16 characters.</summary>
    public const int Bytes = 12;

    public static SessionId New() => Of(RandomNumberGenerator.GetBytes(Bytes));

    public static SessionId Of(ReadOnlySpan<byte> bytes) => new(Base64Url.EncodeToString(bytes));

    public static bool TryParse(string? text, out SessionId session)
    {
        session = new SessionId(text ?? "");
        return text is { Length: Bytes / 3 * 4 } && Base64Url.IsValid(text);
    }

    public byte[] ToBytes() => Base64Url.DecodeFromChars(Value);

    public override string ToString() => Value;
}

using System.Buffers.Text;
using System.Security.Cryptography;

namespace Buffkit.Streams;

/// <summary>A session's public id: names it in <c>stream.open</c> and in logs, and opens nothing.</summary>
internal readonly record struct SessionId(string Value)
{
    // 96 bits: no two sessions meet, and the text is 16 characters.
    private const int Bytes = 12;

    public static SessionId New() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes)));

    public override string ToString() => Value;
}

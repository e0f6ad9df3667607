using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Streams;

/// <summary>
/// A secret from which the keys of topics are derived (HKDF, RFC 5869), so that a client which may read one topic can open no
/// other topic's events. It never leaves the servers.
/// </summary>
/// <param name="Id">Names it.</param>
/// <param name="Created">Since when it encrypts.</param>
/// <param name="Secret">256 bits.</param>
internal sealed record EventKey(string Id, DateTimeOffset Created, byte[] Secret)
{
    private const int SecretBytes = 32;
    private const int IdBytes = 6;

    public static EventKey New(DateTimeOffset now) => new(
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)), now, RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>The key of a topic. Its id names the topic too, by a hash, so that no two keys share one.</summary>
    public TopicKey ForTopic(Topic topic)
    {
        var name = Encoding.UTF8.GetBytes(topic.Value);
        var secret = HKDF.DeriveKey(HashAlgorithmName.SHA256, Secret, SecretBytes, info: [.. "event-streams topic "u8, .. name]);
        var topicId = Base64Url.EncodeToString(SHA256.HashData(name).AsSpan(0, IdBytes));
        return new TopicKey($"{Id}.{topicId}", secret);
    }
}

/// <summary>A key that opens one topic's events of one time.</summary>
/// <param name="Id">The <c>kid</c> in the event.</param>
/// <param name="Secret">For A256GCM.</param>
internal sealed record TopicKey(string Id, byte[] Secret);

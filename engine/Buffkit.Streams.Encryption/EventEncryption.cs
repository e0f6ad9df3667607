using System.Text;
using Jose;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Encryption;

/// <summary>
/// Encrypts the payloads of configured topics before the log takes them, once per event: JWE in the compact form (RFC 7516),
/// <c>dir</c> with A256GCM. Nothing is compressed before it is encrypted: from the length of the two one could guess a secret
/// that stands beside text of the attacker's (CRIME, BREACH).
/// </summary>
internal sealed class EventEncryption(
    EventKeyRing keys, IFingerprintKey fingerprintKey, IOptions<EncryptionOptions> options) : IEventEncryption
{
    private readonly TopicFilter[] _topics = [.. options.Value.Topics.Select(TopicFilter.Parse)];

    private Epoch _epoch;

    public bool IsEncrypted(Topic topic) => _topics.Match(topic);

    public async ValueTask EncryptAsync(EventDraft[] drafts, CancellationToken cancellationToken)
    {
        if (_topics.Length == 0)
            return;
        for (var i = 0; i < drafts.Length; i++)
        {
            if (IsEncrypted(drafts[i].Topic))
                drafts[i] = Encrypt(drafts[i], await keys.CurrentAsync(cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>
    /// Notes where events were appended. A new epoch is a log that was emptied, and the keys may have been emptied with it: they are put
    /// back before a publisher is told that its events are held.
    /// </summary>
    public async ValueTask AppendedAsync(Epoch epoch, CancellationToken cancellationToken)
    {
        if (_topics.Length == 0 || epoch == _epoch)
            return;
        try
        {
            await keys.AllAsync(cancellationToken).ConfigureAwait(false);
            _epoch = epoch;
        }
        catch (KeysUnavailableException)
        {
            // The watch goes on trying.
        }
    }

    public ValueTask<byte[]> GetFingerprintKeyAsync(CancellationToken cancellationToken) => fingerprintKey.GetAsync(cancellationToken);

    private static EventDraft Encrypt(EventDraft draft, EventKey key)
    {
        var topicKey = key.ForTopic(draft.Topic);
        var headers = new Dictionary<string, object>
        {
            ["kid"] = topicKey.Id,
            // Authenticated with the payload: one who can write the log cannot pass it off as another topic's or type's.
            ["topic"] = draft.Topic.Value,
            ["type"] = draft.Type,
            ["cty"] = draft.ContentType ?? draft.CloudEvent?.DataContentType ?? "application/json",
        };
        var compact = JWT.EncodeBytes(draft.Data.ToArray(), topicKey.Secret, JweAlgorithm.DIR, JweEncryption.A256GCM, null, headers);
        return draft with { ContentType = JoseText.ContentType, Data = Encoding.ASCII.GetBytes(compact), IsOwned = true };
    }
}

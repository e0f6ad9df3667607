using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Checks events, encrypts those that are to be, and appends them to the log.</summary>
internal sealed class EventPublisher(
    IEventLog log, IEventEncryption encryption, StreamsMetrics metrics, IOptions<StreamsOptions> options) : IEventPublisher
{
    private readonly int _maxBytes = options.Value.Limits.EventBytes;

    public ValueTask<AppendResult> TryPublishAsync(
        IReadOnlyList<EventDraft> drafts, Idempotency? idempotency = null, CancellationToken cancellationToken = default) =>
        PublishAsync(drafts, idempotency, null, cancellationToken);

    /// <summary>Publishes what a producer numbers.</summary>
    public ValueTask<AppendResult> TryPublishAsync(
        IReadOnlyList<EventDraft> drafts, ProducerSequence producer, CancellationToken cancellationToken) =>
        PublishAsync(drafts, null, producer, cancellationToken);

    private async ValueTask<AppendResult> PublishAsync(
        IReadOnlyList<EventDraft> drafts, Idempotency? idempotency, ProducerSequence? producer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        if (drafts.Count == 0)
            throw new ArgumentException("There is no event to publish.", nameof(drafts));
        using var span = PublishSpan.Start("publish", drafts);
        try
        {
            var result = await AppendAsync(drafts, idempotency, producer, cancellationToken).ConfigureAwait(false);
            PublishSpan.End(span, result);
            return result;
        }
        catch (Exception e)
        {
            PublishSpan.End(span, e);
            throw;
        }
    }

    private async ValueTask<AppendResult> AppendAsync(
        IReadOnlyList<EventDraft> drafts, Idempotency? idempotency, ProducerSequence? producer, CancellationToken cancellationToken)
    {
        var owned = new EventDraft[drafts.Count];
        for (var i = 0; i < owned.Length; i++)
            // What a producer numbers was checked when it was numbered; a limit that was lowered since must not change it. Its events carry the
            // traces of those who added them, or none: with others' in one batch they have nothing to do.
            owned[i] = producer is null ? PublishSpan.Mark(Own(drafts[i])) : Own(drafts[i], anySize: true);

        try
        {
            // Of what the events say, before it is hidden: encrypted twice, the same event is another text.
            if (idempotency is { Fingerprint: null })
                idempotency = idempotency with { Fingerprint = await FingerprintAsync(owned, cancellationToken).ConfigureAwait(false) };
            if (producer is not null)
                producer = producer with { Fingerprint = await FingerprintAsync(owned, cancellationToken).ConfigureAwait(false) };
            await encryption.EncryptAsync(owned, cancellationToken).ConfigureAwait(false);
        }
        catch (KeysUnavailableException)
        {
            // Never in clear: what cannot be encrypted is not published.
            return AppendResult.Unavailable;
        }

        var result = await log.AppendAsync(new AppendRequest(owned, idempotency, producer), cancellationToken).ConfigureAwait(false);
        if (result.Status is AppendStatus.Appended)
        {
            metrics.Published(drafts.Count);
            await encryption.AppendedAsync(result.Ids[0].Epoch, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    private async ValueTask<string> FingerprintAsync(EventDraft[] drafts, CancellationToken cancellationToken)
    {
        // Where events are encrypted the log tells nobody what was in them, by trying out payloads either.
        using var hash = drafts.Any(draft => encryption.IsEncrypted(draft.Topic))
            ? IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, await encryption.GetFingerprintKeyAsync(cancellationToken).ConfigureAwait(false))
            : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var draft in drafts)
        {
            // None of these has a line break.
            hash.AppendData(Encoding.UTF8.GetBytes($"{draft.Topic.Value}\n{draft.Type}\n{draft.Key}\n{draft.ContentType}\n{draft.Data.Length}\n"));
            hash.AppendData(draft.Data.Span);
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(draft.CloudEvent));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Checked here, since a payload that cannot be encoded would break every stream that comes by; copied, since it is encoded
    // later and the caller may use its buffer again.
    /// <exception cref="ArgumentException">The payload is larger than is allowed, or is not JSON though it has no content type.</exception>
    public EventDraft Own(EventDraft draft, bool anySize = false)
    {
        if (!anySize && _maxBytes > 0 && draft.Data.Length > _maxBytes)
        {
            throw new ArgumentException(
                $"An event has {draft.Data.Length} bytes; at most {_maxBytes} are allowed (Streams:Limits:EventBytes).", nameof(draft));
        }

        if (draft.IsOwned)
            return draft;
        return draft with { Data = draft.ContentType is null || (MediaType.TryParse(draft.ContentType, out var type) && type.IsJson) ? CompactJson(draft.Data) : draft.Data.ToArray(), IsOwned = true };
    }

    private static ReadOnlyMemory<byte> CompactJson(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
            return default;
        try
        {
            using var document = JsonDocument.Parse(json);
            var compact = new ArrayBufferWriter<byte>(json.Length);
            using (var writer = new Utf8JsonWriter(compact, PayloadJson.Compact))
                document.WriteTo(writer);
            return compact.WrittenMemory;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ArgumentException("The payload is not JSON. Set ContentType if it is not meant to be.", nameof(json), e);
        }
    }
}

using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Publishes events from code. Complete once the log holds them; never waits for a subscriber.</summary>
public sealed class EventPublisher
{
    private readonly IEventLog _log;
    private readonly EventEncryption _encryption;
    private readonly StreamsMetrics _metrics;
    private readonly int _maxBytes;

    internal EventPublisher(IEventLog log, EventEncryption encryption, StreamsMetrics metrics, IOptions<StreamsOptions> options)
    {
        _log = log;
        _encryption = encryption;
        _metrics = metrics;
        _maxBytes = options.Value.Limits.EventBytes;
    }

    /// <summary>Publishes one event.</summary>
    /// <returns>The id that the log gave it.</returns>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="LimitsOptions.EventBytes"/>.</exception>
    /// <exception cref="LogUnavailableException">The log did not take it; publishing again may double it.</exception>
    public async ValueTask<EventId> PublishAsync(EventDraft draft, CancellationToken cancellationToken = default)
    {
        var result = await TryPublishAsync([draft], cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.IsHeld ? result.Ids[0] : throw new LogUnavailableException();
    }

    /// <summary>Publishes events together, in order, all or none.</summary>
    /// <param name="drafts">The events.</param>
    /// <param name="idempotency">Makes a repeated call safe.</param>
    /// <param name="cancellationToken">Ends the wait; the log may hold the events all the same.</param>
    /// <exception cref="ArgumentException">A payload is larger than <see cref="LimitsOptions.EventBytes"/>, is not JSON though it has no content type, or there is none.</exception>
    public async ValueTask<AppendResult> TryPublishAsync(
        IReadOnlyList<EventDraft> drafts, Idempotency? idempotency = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        if (drafts.Count == 0)
            throw new ArgumentException("There is no event to publish.", nameof(drafts));
        var owned = new EventDraft[drafts.Count];
        for (var i = 0; i < owned.Length; i++)
            owned[i] = Own(drafts[i]);

        try
        {
            await _encryption.EncryptAsync(owned, cancellationToken).ConfigureAwait(false);
        }
        catch (KeysUnavailableException)
        {
            // Never in clear: what cannot be encrypted is not published.
            return AppendResult.Unavailable;
        }

        var result = await _log.AppendAsync(new AppendRequest(owned, idempotency), cancellationToken).ConfigureAwait(false);
        if (result.Status is AppendStatus.Appended)
        {
            _metrics.Published(drafts.Count);
            await _encryption.AppendedAsync(result.Ids[0].Epoch, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    // Checked here, since a payload that cannot be encoded would break every stream that comes by; copied, since it is encoded
    // later and the caller may use its buffer again.
    private EventDraft Own(EventDraft draft)
    {
        if (_maxBytes > 0 && draft.Data.Length > _maxBytes)
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

/// <summary>The log could not be reached or did not answer in time; whether it holds the events is unknown.</summary>
public sealed class LogUnavailableException()
    : Exception("The event log is unavailable. Publish again when health says that it is back.");

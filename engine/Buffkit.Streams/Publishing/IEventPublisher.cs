namespace Buffkit.Streams;

/// <summary>Publishes events from code. Complete once the log holds them; never waits for a subscriber.</summary>
/// <remarks>In tests <see cref="Testing.FakeEventPublisher"/> takes its place.</remarks>
public interface IEventPublisher
{
    /// <summary>Publishes one event.</summary>
    /// <param name="topic">Where: segments with <c>/</c> between them, such as <c>orders/42</c>.</param>
    /// <param name="type">What happened, such as <c>order.created</c>.</param>
    /// <param name="data">The payload, sent as JSON by the web defaults.</param>
    /// <param name="key">What the event is about within its topic: of several with one key the newest may stand for all.</param>
    /// <param name="cancellationToken">Ends the wait; the log may hold the event all the same.</param>
    /// <returns>The id that the log gave it.</returns>
    /// <exception cref="FormatException">Topic, type or key is none.</exception>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="LimitsOptions.EventBytes"/>.</exception>
    /// <exception cref="LogUnavailableException">The log did not take it; publishing again may double it.</exception>
    ValueTask<EventId> PublishAsync<T>(string topic, string type, T data, string? key = null, CancellationToken cancellationToken = default) =>
        PublishAsync(EventDraft.Json(Topic.Parse(topic), type, data, key), cancellationToken);

    /// <summary>Publishes one event.</summary>
    /// <returns>The id that the log gave it.</returns>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="LimitsOptions.EventBytes"/>.</exception>
    /// <exception cref="LogUnavailableException">The log did not take it; publishing again may double it.</exception>
    async ValueTask<EventId> PublishAsync(EventDraft draft, CancellationToken cancellationToken = default)
    {
        var result = await TryPublishAsync([draft], cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.IsHeld ? result.Ids[0] : throw new LogUnavailableException();
    }

    /// <summary>Publishes events together, in order, all or none.</summary>
    /// <param name="drafts">The events.</param>
    /// <param name="idempotency">Makes a repeated call safe.</param>
    /// <param name="cancellationToken">Ends the wait; the log may hold the events all the same.</param>
    /// <exception cref="ArgumentException">A payload is larger than <see cref="LimitsOptions.EventBytes"/>, is not JSON though it has no content type, or there is none.</exception>
    ValueTask<AppendResult> TryPublishAsync(
        IReadOnlyList<EventDraft> drafts, Idempotency? idempotency = null, CancellationToken cancellationToken = default);
}

/// <summary>The log could not be reached or did not answer in time; whether it holds the events is unknown.</summary>
public sealed class LogUnavailableException()
    : Exception("The event log is unavailable. Publish again when health says that it is back.");

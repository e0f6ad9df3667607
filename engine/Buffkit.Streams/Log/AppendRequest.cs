namespace Buffkit.Streams;

/// <summary>Events to append together.</summary>
/// <param name="Events">At least one.</param>
/// <param name="Idempotency">Makes a repeated request safe.</param>
/// <param name="Producer">Makes a repeated request safe for ever, for a producer that numbers its requests; not beside <paramref name="Idempotency"/>.</param>
public readonly record struct AppendRequest(IReadOnlyList<EventDraft> Events, Idempotency? Idempotency = null, ProducerSequence? Producer = null);

/// <summary>Names a request, so that the log takes it once however often it is sent.</summary>
public sealed record Idempotency
{
    /// <summary>Longest key, in characters.</summary>
    public const int MaxKeyLength = 200;

    /// <param name="key">The publisher's name for the request, 1 to <see cref="MaxKeyLength"/> visible ASCII characters.</param>
    /// <exception cref="ArgumentException">The key is empty, too long, or has other characters.</exception>
    public Idempotency(string key)
        : this(key, null)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > MaxKeyLength || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new ArgumentException($"A key has 1 to {MaxKeyLength} visible ASCII characters.", nameof(key));
    }

    internal Idempotency(string key, string? fingerprint) => (Key, Fingerprint) = (key, fingerprint);

    /// <summary>The publisher's name for the request.</summary>
    public string Key { get; }

    /// <summary>A hash of what is asked for: the same key with another one is a mistake. Made of the events where nobody gave one.</summary>
    internal string? Fingerprint { get; init; }
}

/// <summary>What became of an append.</summary>
public enum AppendStatus
{
    /// <summary>The log holds the events.</summary>
    Appended,

    /// <summary>The log holds them since an earlier request with the same idempotency key; nothing was appended now.</summary>
    AlreadyAppended,

    /// <summary>The idempotency key was used for other events; nothing was appended.</summary>
    KeyConflict,

    /// <summary>The producer's number was overtaken by a later request, or stands for other events; nothing was appended.</summary>
    Overtaken,

    /// <summary>The log could not be reached or did not answer; whether it holds the events is unknown.</summary>
    Unavailable,
}

/// <summary>The answer to an append.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Ids">One id per event, in the order of the request; empty unless the log holds them.</param>
public readonly record struct AppendResult(AppendStatus Status, IReadOnlyList<EventId> Ids)
{
    /// <summary>The answer of a log that is away.</summary>
    public static AppendResult Unavailable { get; } = new(AppendStatus.Unavailable, []);

    /// <summary>The newest number that the log has of the producer, where the request was <see cref="AppendStatus.Overtaken"/>.</summary>
    public long? ProducerNumber { get; init; }

    /// <summary>The log holds the events, since now or before.</summary>
    public bool IsHeld => Status is AppendStatus.Appended or AppendStatus.AlreadyAppended;
}

namespace Buffkit.Streams.Testing;

/// <summary>Keeps what is published in the place of a log, for tests of code that publishes. Safe for concurrent use.</summary>
public sealed class FakeEventPublisher : IEventPublisher
{
    private readonly Lock _gate = new();
    private readonly Epoch _epoch = Epoch.New();
    private readonly List<EventDraft> _published = [];
    private readonly Dictionary<string, (IReadOnlyList<EventDraft> Drafts, AppendResult Answer)> _answers = new(StringComparer.Ordinal);

    /// <summary>Everything that was published, in order.</summary>
    public IReadOnlyList<EventDraft> Published
    {
        get
        {
            lock (_gate)
                return [.. _published];
        }
    }

    /// <summary>Gets or sets whether the log is away, as a Redis can be: nothing is taken meanwhile.</summary>
    public bool IsUnavailable { get; set; }

    /// <inheritdoc/>
    public ValueTask<AppendResult> TryPublishAsync(
        IReadOnlyList<EventDraft> drafts, Idempotency? idempotency = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(drafts);
        cancellationToken.ThrowIfCancellationRequested();
        if (drafts.Count == 0)
            throw new ArgumentException("There is no event to publish.", nameof(drafts));
        if (IsUnavailable)
            return ValueTask.FromResult(AppendResult.Unavailable);
        lock (_gate)
        {
            if (idempotency is not null && _answers.TryGetValue(idempotency.Key, out var earlier))
            {
                return ValueTask.FromResult(earlier.Drafts.Count == drafts.Count && earlier.Drafts.Zip(drafts).All(pair => IsSame(pair.First, pair.Second))
                    ? earlier.Answer with { Status = AppendStatus.AlreadyAppended }
                    : new AppendResult(AppendStatus.KeyConflict, []));
            }

            EventId[] ids = [.. drafts.Select((_, i) => new EventId(_epoch, _published.Count + i + 1))];
            _published.AddRange(drafts);
            var answer = new AppendResult(AppendStatus.Appended, ids);
            if (idempotency is not null)
                _answers.Add(idempotency.Key, ([.. drafts], answer));
            return ValueTask.FromResult(answer);
        }
    }

    private static bool IsSame(EventDraft one, EventDraft other) =>
        one with { Data = default } == other with { Data = default } && one.Data.Span.SequenceEqual(other.Data.Span);
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Knows which sessions are on this server's topics, leases them in the store, and publishes who came and went where a topic
/// asks for that. A connection is on the topics that it names in full; a filter with a wildcard only looks on.
/// </summary>
internal sealed partial class PresenceTracker : BackgroundService, IConnectionObserver
{
    /// <summary>Type of the event that says that a session came.</summary>
    public const string Join = "presence.join";

    /// <summary>Type of the event that says that a session went.</summary>
    public const string Leave = "presence.leave";

    // A lease outlives two renewals that fail.
    private const int RenewalsPerLease = 3;

    // What could not be published while the log was away is tried again; beyond this the oldest are given up.
    private const int MaxUnannounced = 10_000;

    private readonly IPresenceStore _store;
    private readonly EventPublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger<PresenceTracker> _logger;
    private readonly PresenceOptions _options;
    private readonly TopicFilter[] _topics;
    private readonly TopicFilter[] _announced;
    private readonly Lock _gate = new();
    private readonly PresentMembers _members;
    private readonly SemaphoreSlim _came = new(0, 1);
    private readonly Queue<(EventDraft Draft, Idempotency Once)> _unannounced = new();

    public PresenceTracker(
        IPresenceStore store,
        EventPublisher publisher,
        IOptions<StreamsOptions> options,
        SecurityMetrics metrics,
        TimeProvider time,
        ILogger<PresenceTracker> logger)
    {
        (_store, _publisher, _time, _logger) = (store, publisher, time, logger);
        _options = options.Value.Presence;
        (_topics, _announced) = (Parse(_options.Topics), Parse(_options.Announce));
        _members = new PresentMembers(_options, IsAnnounced, metrics);
    }

    public bool IsKept(Topic topic) => _topics.Any(filter => filter.Matches(topic));

    /// <summary>Whether joins and leaves are events on a topic, so that nobody else may publish any.</summary>
    public bool IsAnnounced(Topic topic) => IsKept(topic) && _announced.Any(filter => filter.Matches(topic));

    /// <inheritdoc/>
    public void Opened(Connection connection)
    {
        if (_topics.Length == 0)
            return;
        lock (_gate)
        {
            if (_members.Add(connection, MembersOf(connection)) && _came.CurrentCount == 0)
                _came.Release();
        }
    }

    /// <remarks>The lease runs on: a client that comes back within has never left.</remarks>
    public void Closed(Connection connection)
    {
        if (_topics.Length == 0)
            return;
        lock (_gate)
            _members.Remove(connection);
    }

    public override void Dispose()
    {
        _came.Dispose();
        _members.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_topics.Length == 0)
            return;
        var interval = _options.Grace / RenewalsPerLease;
        var renewed = _time.GetTimestamp();
        try
        {
            while (true)
            {
                var isDue = !await WaitForNewAsync(interval - _time.GetElapsedTime(renewed), stoppingToken).ConfigureAwait(false);
                if (isDue)
                    renewed = _time.GetTimestamp();
                await RenewOrLogAsync(isDue, stoppingToken).ConfigureAwait(false);
                // What is left to say waits: a lease that is not renewed would be taken for a leave.
                await AnnounceAsync(interval - _time.GetElapsedTime(renewed), stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; its leases run out, unless the clients are on another one by then.
        }
    }

    private async Task RenewOrLogAsync(bool all, CancellationToken cancellationToken)
    {
        try
        {
            await RenewAsync(all, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Who is there is not worth the server; it is tried again with the next renewal.
            Log.NotRenewed(_logger, e);
        }
    }

    private async Task RenewAsync(bool all, CancellationToken cancellationToken)
    {
        PresenceMember[] members;
        lock (_gate)
        {
            members = _members.Take(all);
        }

        if (await _store.RenewAsync(members, cancellationToken).ConfigureAwait(false) is { } changes)
        {
            Remember(changes.Joined, Join);
            Remember(changes.Left, Leave);
        }
    }

    private void Remember(IReadOnlyList<PresenceMember> members, string type)
    {
        foreach (var (topic, session) in members)
        {
            if (!IsAnnounced(topic))
                continue;
            if (_unannounced.Count == MaxUnannounced)
            {
                _unannounced.Dequeue();
                Log.GivenUp(_logger);
            }

            var once = new Idempotency(Guid.CreateVersion7(_time.GetUtcNow()).ToString("N"), type);
            _unannounced.Enqueue((EventDraft.Json(topic, type, new { session }, key: session), once));
        }
    }

    private async Task AnnounceAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (_unannounced.TryPeek(out var next) && _time.GetElapsedTime(began) < patience)
        {
            try
            {
                var result = await _publisher.TryPublishAsync([next.Draft], next.Once, cancellationToken).ConfigureAwait(false);
                if (!result.IsHeld)
                    return;
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // One that cannot be published (larger than Limits:EventBytes, say) must not hold up the others for ever.
                Log.NotAnnounced(_logger, e);
            }

            _unannounced.Dequeue();
        }
    }

    /// <returns>Whether somebody came; otherwise the time is over.</returns>
    private async Task<bool> WaitForNewAsync(TimeSpan time, CancellationToken cancellationToken) =>
        time > TimeSpan.Zero && await WaitOnClockAsync(time, cancellationToken).ConfigureAwait(false);

    private async Task<bool> WaitOnClockAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            await _came.WaitAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private IEnumerable<PresenceMember> MembersOf(Connection connection)
    {
        foreach (var filter in connection.Filters)
        {
            if (Topic.TryParse(filter.Value, out var topic, out _) && IsKept(topic))
                yield return new PresenceMember(topic, connection.Session.ToString());
        }
    }

    private static TopicFilter[] Parse(IEnumerable<string> filters) => [.. filters.Select(TopicFilter.Parse)];

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Error, "Presence could not be renewed; tried again.")]
        public static partial void NotRenewed(ILogger logger, Exception e);

        [LoggerMessage(3, LogLevel.Error, "A join or leave could not be published and is given up.")]
        public static partial void NotAnnounced(ILogger logger, Exception e);

        [LoggerMessage(1, LogLevel.Warning, "More joins and leaves wait for the event log than are kept; the oldest is given up.")]
        public static partial void GivenUp(ILogger logger);
    }
}

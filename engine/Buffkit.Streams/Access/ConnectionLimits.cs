using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// How many connections may be open: on this server, and per session and address on all of them; and how much their filters may take
/// of this server's memory.
/// </summary>
internal sealed class ConnectionLimits(IConnectionCounts counts, IOptions<StreamsOptions> options, SecurityMetrics metrics)
{
    // When one of many connections ends is anybody's guess; this keeps those that wait from asking all the time.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(15);

    // What a filter costs beside its text: a node of the index and a place among its subscribers.
    private const int FilterOverhead = 100;

    private readonly IConnectionCounts _counts = counts;
    private readonly LimitsOptions _limits = options.Value.Limits;
    private readonly ByteBudget _filterBytes = new(total: 0, options.Value.Limits.FilterBytesPerAddress);
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Takes a place for a connection; it is given back when the response is complete, however that happens.</summary>
    /// <returns>A refusal where there is none.</returns>
    public async ValueTask<Refusal?> EnterAsync(HttpContext http, Session session, IReadOnlyList<TopicFilter> filters)
    {
        var place = new Place(this);
        http.Response.RegisterForDispose(place);
        var setting = await place.TakeAsync(session, filters, session.AddressPool, http.RequestAborted);
        if (setting is null)
            return null;
        place.Dispose();
        metrics.Refused(Refusal.Connections);
        return new Refusal(
            Refusal.Connections, RetryAfter, setting is nameof(LimitsOptions.FilterBytesPerAddress)
                ? $"The topic filters of the connections that are open take as much memory as they may (Streams:Limits:{setting})."
                : $"As many connections are open as may be (Streams:Limits:{setting}).");
    }

    private sealed class Place(ConnectionLimits limits) : IDisposable
    {
        private string? _session;
        private string? _address;
        private (string Network, long Bytes) _filters;
        private int _left;

        /// <returns>The setting that leaves no room.</returns>
        public async ValueTask<string?> TakeAsync(Session session, IReadOnlyList<TopicFilter> filters, string network, CancellationToken cancellationToken)
        {
            var options = limits._limits;
            if (Interlocked.Increment(ref limits._open) > options.Connections && options.Connections > 0)
                return nameof(options.Connections);

            if (options.FilterBytesPerAddress > 0)
            {
                var bytes = filters.Sum(filter => FilterOverhead + (2L * filter.Value.Length));
                if (limits._filterBytes.TryAdd(network, bytes) is not ByteBudget.Answer.Held)
                    return nameof(options.FilterBytesPerAddress);
                _filters = (network, bytes);
            }

            if (options.ConnectionsPerSession > 0)
            {
                var key = $"session:{session.Id}";
                if (!await limits._counts.TryAddAsync(key, options.ConnectionsPerSession, cancellationToken))
                    return nameof(options.ConnectionsPerSession);
                _session = key;
            }

            if (options.ConnectionsPerAddress > 0)
            {
                var key = $"address:{network}";
                if (!await limits._counts.TryAddAsync(key, options.ConnectionsPerAddress, cancellationToken))
                    return nameof(options.ConnectionsPerAddress);
                _address = key;
            }

            return null;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
                return;
            if (_filters.Bytes > 0)
                limits._filterBytes.Remove(_filters.Network, _filters.Bytes);
            if (_session is not null)
                limits._counts.Remove(_session);
            if (_address is not null)
                limits._counts.Remove(_address);
            Interlocked.Decrement(ref limits._open);
        }
    }
}

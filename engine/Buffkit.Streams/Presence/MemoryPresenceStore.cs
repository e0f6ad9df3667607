namespace Buffkit.Streams;

/// <summary>The members of a server that runs alone.</summary>
internal sealed class MemoryPresenceStore(PresenceOptions options, TimeProvider time) : IPresenceStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PresenceMember, DateTimeOffset> _leases = [];

    public ValueTask<PresenceChanges?> RenewAsync(IReadOnlyList<PresenceMember> present, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        lock (_gate)
        {
            List<PresenceMember> joined = [];
            foreach (var member in present)
            {
                // One whose lease ran out between two renewals of a slow server has not left: it is here.
                if (!_leases.ContainsKey(member))
                    joined.Add(member);
                _leases[member] = now + options.Grace;
            }

            PresenceMember[] left = [.. _leases.Where(lease => lease.Value <= now).Select(lease => lease.Key)];
            foreach (var member in left)
                _leases.Remove(member);
            return ValueTask.FromResult<PresenceChanges?>(new PresenceChanges(joined, left));
        }
    }

    public ValueTask<PresenceList?> ReadAsync(Topic topic, int maxSessions, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        lock (_gate)
        {
            string[] sessions = [.. _leases
                .Where(lease => lease.Key.Topic == topic && lease.Value > now)
                .Select(lease => lease.Key.Session)
                .Order(StringComparer.Ordinal)];
            return ValueTask.FromResult<PresenceList?>(new PresenceList(topic.Value, sessions.Length, [.. sessions.Take(maxSessions)]));
        }
    }
}

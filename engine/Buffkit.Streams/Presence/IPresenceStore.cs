namespace Buffkit.Streams;

/// <summary>Who is on which topic, over all servers. Members are leased: one that nobody renews in time has left.</summary>
/// <remarks>Every implementation passes the same specification tests.</remarks>
internal interface IPresenceStore
{
    /// <summary>Leases members for <see cref="PresenceOptions.Grace"/> from now, and finds those whose lease is over.</summary>
    /// <returns>What changed by this call, told to one caller only; <see langword="null"/> where the store is away.</returns>
    ValueTask<PresenceChanges?> RenewAsync(IReadOnlyList<PresenceMember> present, CancellationToken cancellationToken);

    /// <summary>Lists who is on a topic now.</summary>
    /// <returns><see langword="null"/> where the store is away.</returns>
    ValueTask<PresenceList?> ReadAsync(Topic topic, int maxSessions, CancellationToken cancellationToken);
}

/// <summary>A session on a topic.</summary>
internal readonly record struct PresenceMember(Topic Topic, string Session);

/// <summary>Who came and who went.</summary>
internal sealed record PresenceChanges(IReadOnlyList<PresenceMember> Joined, IReadOnlyList<PresenceMember> Left);

/// <summary>Who is there.</summary>
/// <param name="Topic">Where.</param>
/// <param name="Count">How many, even where not all are listed.</param>
/// <param name="Sessions">Their public ids, in ordinal order where all are listed.</param>
internal sealed record PresenceList(string Topic, long Count, IReadOnlyList<string> Sessions);

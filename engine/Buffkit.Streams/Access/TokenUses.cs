namespace Buffkit.Streams;

/// <summary>
/// Which tokens of a session came and when, and whether one holder explains it: a browser, or any other client that sends the
/// token that reached it last. The log of an honest holder may look strange, since answers get lost, or come late and put an
/// older token in a newer one's place; tabs share a cookie, and their requests overlap.
/// </summary>
/// <remarks>
/// <para>Each answer carries a token of its own, so no token reaches a holder twice. Two things follow, and what contradicts one
/// of them takes two holders:</para>
/// <para><b>Replaced.</b> A token that was issued when another had come already reached the holder after that one. When it comes
/// itself, the former is given up; what was sent with it before comes within the grace.</para>
/// <para><b>Two lines.</b> Of two tokens whose order is not known, the one that reached the holder first is given up then, which is
/// at most <see cref="LateAnswer"/> after the other was issued. So not both are used longer than that after the issue of the other.</para>
/// <para>What is remembered grows with the uses of the last minutes only. The script <c>use-session.lua</c> does the same in Redis.</para>
/// </remarks>
/// <param name="kept">Tokens whose use is remembered one by one, <see cref="Kept"/> or <see cref="KeptOfNobody"/>.</param>
internal sealed class TokenUses(int kept)
{
    /// <summary>Five minutes: what a client is sent and does not read within it was lost, as it is to every proxy's time-out.</summary>
    public static readonly TimeSpan LateAnswer = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Tokens whose use is remembered one by one: more than <see cref="LimitsOptions.DefaultConnectsPerMinute"/> lets a client use up
    /// in two minutes. Beyond it the one that was not used for longest is as one that never came.
    /// </summary>
    public const int Kept = 128;

    /// <summary>The same for a session of nobody, which has nothing to steal and of which anybody can begin any number: a few tabs.</summary>
    public const int KeptOfNobody = 8;

    private readonly List<Use> _uses = [];
    private long _issued;

    // The newest token that came longer ago than the grace: those that came before it was issued are replaced.
    private long _replacing;

    // When a token that is no longer remembered was last used.
    private DateTimeOffset _forgotten = DateTimeOffset.MinValue;

    /// <summary>Uses that there is memory for.</summary>
    internal int Room => _uses.Capacity;

    /// <summary>Notes that a token came.</summary>
    /// <param name="generation">Its number in the session.</param>
    /// <param name="issued">When it was made.</param>
    /// <param name="now">The time.</param>
    /// <param name="grace">How long a request may be on its way.</param>
    /// <returns>The generation of the next token; 0 where the uses take two holders.</returns>
    public long Add(long generation, DateTimeOffset issued, DateTimeOffset now, TimeSpan grace)
    {
        var late = LateAnswer + grace;
        _issued = Math.Max(_issued, generation);
        var at = _uses.FindIndex(use => use.Generation == generation);
        var overtaking = _forgotten;
        foreach (var use in _uses)
        {
            if (now - use.First >= grace)
                _replacing = Math.Max(_replacing, use.Generation);
            if (use.Generation != generation && now - use.Issued > late && use.Last > overtaking)
                overtaking = use.Last;
        }

        if ((at >= 0 && _uses[at].IssuedBefore < _replacing) || overtaking - issued > late)
            return 0;

        if (at >= 0)
            _uses[at] = _uses[at] with { Last = now };
        else
            Remember(new Use(generation, issued, now, now, _issued));
        Forget(now, late);
        return ++_issued;
    }

    // What was issued before the last use of another, long enough ago, would be found out by that use alone.
    private void Forget(DateTimeOffset now, TimeSpan late)
    {
        var last = _forgotten;
        foreach (var use in _uses)
        {
            if (now - use.Issued > late && use.Last > last)
                last = use.Last;
        }

        for (var i = _uses.Count - 1; i >= 0; i--)
        {
            if (_uses[i].Last == last || last - _uses[i].Issued <= late)
                continue;
            if (_uses[i].Last > _forgotten)
                _forgotten = _uses[i].Last;
            _uses.RemoveAt(i);
        }

        if (_uses.Count > kept)
            _uses.Remove(_uses.MinBy(use => use.Last));
    }

    private void Remember(Use use)
    {
        // A list doubles where it is full: the one place too many would take as much as all others.
        if (_uses.Count == kept)
            _uses.Capacity = kept + 1;
        _uses.Add(use);
    }

    /// <param name="Generation">The token's.</param>
    /// <param name="Issued">When it was made.</param>
    /// <param name="First">When it came first.</param>
    /// <param name="Last">When it came last.</param>
    /// <param name="IssuedBefore">The newest generation that had been issued when it came first.</param>
    private readonly record struct Use(long Generation, DateTimeOffset Issued, DateTimeOffset First, DateTimeOffset Last, long IssuedBefore);
}

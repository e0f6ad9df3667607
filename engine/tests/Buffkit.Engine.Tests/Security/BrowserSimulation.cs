using Buffkit.Streams;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>
/// One browser with several tabs over one cookie jar, on a network that delays and loses: streams, long polls and short requests,
/// whose answers come late, in another order, or never.
/// </summary>
internal sealed class BrowserSimulation(ISessionStore store, FakeTimeProvider time, Random random, TimeSpan grace)
{
    private readonly PriorityQueue<Func<Task>, DateTimeOffset> _events = new();
    private readonly List<(Token Token, DateTimeOffset First)> _used = [];
    private readonly SessionId _session = SessionId.New();

    public sealed record Token(long Generation, DateTimeOffset Issued);

    /// <summary>The token of the answer that came last.</summary>
    public Token Jar { get; private set; } = new(1, time.GetUtcNow());

    /// <summary>What the store said, other than that a token is good; nothing for an honest browser.</summary>
    public SessionUseStatus? Refused { get; private set; }

    public int Uses { get; private set; }

    /// <summary>Runs the tabs until each has done its requests.</summary>
    /// <param name="tabs">How many.</param>
    /// <param name="requests">Of each.</param>
    /// <param name="afterEach">Called after each event.</param>
    public async Task RunAsync(int tabs, int requests, Func<Task>? afterEach = null)
    {
        for (var tab = 0; tab < tabs; tab++)
            After(Seconds(5), () => ActAsync(requests));
        while (Refused is null && _events.TryDequeue(out var happen, out var at))
        {
            if (at > time.GetUtcNow())
                time.SetUtcNow(at);
            await happen();
            if (afterEach is not null)
                await afterEach();
        }
    }

    /// <summary>Whether the browser used a token that was issued when <paramref name="token"/> had come, longer ago than the grace.</summary>
    public bool HasReplaced(Token token) =>
        _used.Find(use => use.Token == token) is { Token: not null } former
        && _used.Exists(use => use.Token.Generation > token.Generation && use.Token.Issued > former.First && time.GetUtcNow() - use.First > grace);

    public async Task<SessionUse> SendAsync(Token token) =>
        await store.UseAsync(new TokenUse(_session, "ada", token.Generation, token.Issued), TestContext.Current.CancellationToken);

    private Task ActAsync(int left)
    {
        if (left == 0)
            return Task.CompletedTask;
        var token = Jar;
        After(OnTheWay(), () => ArriveAsync(token, left));
        return Task.CompletedTask;
    }

    private async Task ArriveAsync(Token token, int left)
    {
        var use = await SendAsync(token);
        Uses++;
        if (use.Status is not SessionUseStatus.Accepted)
        {
            Refused = use.Status;
            return;
        }

        if (!_used.Exists(former => former.Token == token))
            _used.Add((token, time.GetUtcNow()));
        var next = new Token(use.Next, use.At);
        var (answerAfter, lasts) = random.Next(3) switch
        {
            // A stream: its head comes at once, and it lasts until it is cut or the page goes.
            0 => (Answer(), random.Next(3) == 0 ? Seconds(3_600) : Seconds(60)),
            // A long poll.
            1 => (Seconds(55) + Answer(), TimeSpan.Zero),
            // A short request, which may or may not bring a token.
            _ => (Answer(), TimeSpan.Zero),
        };
        if (random.Next(6) == 0)
        {
            // The answer was lost; the tab tries again, or is closed while it waits.
            After(Seconds(60), () => ActAsync(left - 1));
            return;
        }

        After(answerAfter, () =>
        {
            Jar = next;
            After(lasts + (random.Next(10) == 0 ? Seconds(7_200) : Seconds(10)), () => ActAsync(left - 1));
            return Task.CompletedTask;
        });
    }

    // Requests overlap, and some are sent twice by a network that forgot them.
    private TimeSpan OnTheWay() => random.Next(10) == 0 ? random.NextDouble() * 0.95 * grace : Seconds(1);

    private TimeSpan Answer() => random.Next(8) == 0 ? random.NextDouble() * 0.8 * TokenUses.LateAnswer : Seconds(1);

    private TimeSpan Seconds(int most) => TimeSpan.FromSeconds(random.NextDouble() * most);

    private void After(TimeSpan wait, Func<Task> happen) => _events.Enqueue(happen, time.GetUtcNow() + wait);
}

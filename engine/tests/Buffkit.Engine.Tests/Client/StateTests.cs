using Buffkit.Client;
using static Buffkit.Tests.ClientKit;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

/// <summary>A state, and the events that belong to it.</summary>
public sealed class StateTests
{
    public static TheoryData<EventStreamTransport> Transports => new(Enum.GetValues<EventStreamTransport>());

    [Fact]
    public async Task StateOfBeforeTheGap_GetsTheEventsThatFollowIt_ThoughTheyWereGivenBefore()
    {
        const string Gap = "id: e-8\nevent: stream.gap\ndata: {\"after\":\"e-2\",\"next\":\"e-9\",\"reason\":\"evicted\"}\n\n";
        using var server = new ScriptedServer((_, number) => number switch
        {
            0 => ScriptedServer.Stream(Open + Event("e-1", "a") + Event("e-2", "b") + Gap, BodyEnd.Stall),
            1 => ScriptedServer.Stream(Open + Event("e-1", "a") + Event("e-2", "b") + Event("e-9", "c")),
            _ => ScriptedServer.NoMore(),
        });
        using var client = ClientOf(server);
        var states = 0;

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { GetState = _ => ValueTask.FromResult<string?>($"e-0{++states}") }, Token).ReadAsync();

        Assert.Equal(["a", "b", "a", "b", "c"], read.Select(e => e.Text));
        Assert.Equal(["e-01", "e-02", "e-9"], server.Requests.Select(request => request.LastEventId));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task StateWithoutACursor_HasWhatHappensBeforeTheStreamBegins(EventStreamTransport transport)
    {
        await using var server = await StreamsServer.StartAsync();
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        using var client = new StreamClient(http, new EventStreamClientOptions { Transports = [transport] });
        List<string> all = [], state = [];
        var live = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new SubscriptionOptions
        {
            OnLive = _ => live.TrySetResult(),
            GetState = async _ =>
            {
                state = [.. all];
                if (all.Count == 0)
                {
                    await server.PublishAsync("a", "between");
                    all.Add("between");
                }

                return null;
            },
        };

        var reading = client.SubscribeAsync("a", options, Token).ReadAsync(1);
        await live.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        await server.PublishAsync("a", "later");

        Assert.Equal("later", Assert.Single(await reading).Text);
        Assert.Equal(["between"], state);
    }

    [Fact]
    public async Task StateWithoutACursor_OfAnotherServer_IsLoadedAgainWhenTheStreamIsOpen()
    {
        var told = new List<string>();
        using var server = new ScriptedServer((_, number) =>
        {
            told.Add("connect");
            return number == 0 ? ScriptedServer.Stream("id: 1\ndata: a\n\n") : ScriptedServer.NoMore();
        });
        using var client = ClientOf(server, Plain);

        await foreach (var e in client.SubscribeAsync([], Told(told, _ => null), Token))
            told.Add(e.Text);

        Assert.Equal(["state", "connect", "state", "a", "connect"], told);
    }

    [Fact]
    public async Task StateThatFailsWhenTheStreamIsOpen_IsLoadedAgain_BeforeAnyEvent()
    {
        using var server = new ScriptedServer((_, number) => number < 2 ? ScriptedServer.Stream(Open + Event("e-1", "a"), BodyEnd.Stall) : ScriptedServer.NoMore());
        using var client = ClientOf(server);
        var told = new List<string>();

        await foreach (var e in client.SubscribeAsync("a", Told(told, load => load == 2 ? throw new HttpRequestException("Away.") : null), Token))
        {
            told.Add(e.Text);
            break;
        }

        Assert.Equal(["state", "open", "state", "state", "open", "state", "a"], told);
    }

    private static SubscriptionOptions Told(List<string> told, Func<int, string?> load)
    {
        var loads = 0;
        return new SubscriptionOptions
        {
            OnOpen = _ => told.Add("open"),
            GetState = _ =>
            {
                told.Add("state");
                return ValueTask.FromResult(load(++loads));
            },
        };
    }
}

using System.Text;
using System.Text.Json;
using Buffkit.Client;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

/// <summary>What the WHATWG specification says of the format (HTML, section 9.2.6), as data that other clients are held to as well.</summary>
public sealed class EventStreamCasesTests
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    private static readonly string[] Files = ["engine/tests/Buffkit.Engine.Tests/Client/event-stream-cases.json", "clients/cases/event-stream.json"];

    private static readonly Case[] Cases = Read();

    public static TheoryData<string> Names => new(Cases.Select(one => one.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Case_SplitAtEveryByte_IsReadAsTheSpecificationSays(string name)
    {
        var one = Cases.Single(one => one.Name == name);
        var bytes = one.Content;
        for (var split = 0; split <= bytes.Length; split++)
            await AssertAsync(one, [bytes[..split], bytes[split..]]);
        await AssertAsync(one, bytes.Select(value => new[] { value }));
    }

    private static async Task AssertAsync(Case one, IEnumerable<byte[]> pieces)
    {
        using var server = new ScriptedServer((_, number) => number == 0 ? ScriptedServer.Stream(pieces) : ScriptedServer.NoMore());
        using var http = server.Http();
        using var client = new StreamClient(
            http, new EventStreamClientOptions { PlainServer = true, BackoffStart = TimeSpan.Zero, BackoffMax = TimeSpan.Zero }, time: new ImpatientTime());
        TimeSpan? waited = null;
        var read = new List<Event>();
        var options = new SubscriptionOptions { OnState = state => waited = state.RetryIn ?? waited };

        await foreach (var e in client.SubscribeAsync([], options, TestContext.Current.CancellationToken))
            read.Add(new Event(e.Type, e.Text, e.Id));

        Assert.Equal(one.Events, read);
        Assert.Equal(one.LastEventId, server.Requests.Last().LastEventId ?? "");
        Assert.Equal(one.Retry ?? 0, waited!.Value.TotalMilliseconds);
    }

    /// <summary>Its own, and those of the client in TypeScript where that is beside the engine.</summary>
    private static Case[] Read() =>
        [.. Files.Select(Repository.Folder)
            .Where(File.Exists)
            .SelectMany((file, number) => JsonSerializer.Deserialize<Case[]>(File.ReadAllText(file), Options)!.Select(one => one with { Name = $"{number + 1}: {one.Name}" }))];

    private sealed record Event(string Type, string Data, string Id);

    private sealed record Case(string Name, string? Bytes, string? Base64, Event[] Events, string LastEventId, int? Retry)
    {
        public byte[] Content => Base64 is null ? Encoding.UTF8.GetBytes(Bytes!) : Convert.FromBase64String(Base64);
    }
}

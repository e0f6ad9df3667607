using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>One connection to the stream, parsed by the framework's own parser.</summary>
public sealed class EventStreamClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RawConnection _connection;
    private readonly IAsyncEnumerator<SseItem<string>> _items;
    private readonly SseParser<string> _parser;
    private JsonElement? _live;

    private EventStreamClient(RawConnection connection)
    {
        _connection = connection;
        _parser = SseParser.Create(connection.Body);
        _items = _parser.EnumerateAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    public Dictionary<string, string> Headers => _connection.Headers;

    /// <summary>With what a browser would come back now.</summary>
    public string LastEventId => _parser.LastEventId;

    public TimeSpan Retry => _parser.ReconnectionInterval;

    /// <summary>The data of <c>stream.open</c>.</summary>
    public JsonElement Open { get; private set; }

    public string OpenId { get; private set; } = "";

    public static async Task<EventStreamClient> ConnectAsync(
        Uri server, string topic, string? lastEventId = null, string? after = null, string more = "",
        params (string Name, string Value)[] headers)
    {
        var query = $"/events?topic={Uri.EscapeDataString(topic)}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}{more}";
        var connection = await RawConnection.GetAsync(
            server, query, lastEventId is null ? headers : [.. headers, ("Last-Event-ID", lastEventId)]);
        Assert.Equal(200, connection.Status);
        var client = new EventStreamClient(connection);
        var open = await client.NextAsync();
        Assert.Equal("stream.open", open.EventType);
        client.Open = JsonSerializer.Deserialize<JsonElement>(open.Data);
        client.OpenId = open.EventId!;
        return client;
    }

    /// <summary>The next event. <c>stream.live</c> is none: it is kept for <see cref="LiveAsync"/>.</summary>
    /// <exception cref="EndOfStreamException">The server ended the stream.</exception>
    public async Task<SseItem<string>> NextAsync() =>
        await MoveNextAsync() ? _items.Current : throw new EndOfStreamException("The server ended the stream.");

    /// <summary>The data of <c>stream.live</c>, which has come or comes next.</summary>
    public async Task<JsonElement> LiveAsync()
    {
        if (_live is null)
            Assert.True(await ReadAsync() && _live is not null, "What comes is not stream.live.");
        return _live!.Value;
    }

    /// <summary>Reads on to the last word.</summary>
    /// <returns>Its reason.</returns>
    public async Task<string> CloseReasonAsync()
    {
        while (true)
        {
            var item = await NextAsync();
            if (item.EventType == "stream.close")
                return JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("reason").GetString()!;
        }
    }

    /// <summary>The next event, which must be a gap.</summary>
    public async Task<(string? After, string Next, string Reason, string Id)> NextGapAsync()
    {
        var item = await NextAsync();
        Assert.Equal("stream.gap", item.EventType);
        var gap = JsonSerializer.Deserialize<JsonElement>(item.Data);
        return (gap.GetProperty("after").GetString(), gap.GetProperty("next").GetString()!, gap.GetProperty("reason").GetString()!, item.EventId!);
    }

    public async Task<string[]> NextDataAsync(int count)
    {
        var data = new string[count];
        for (var i = 0; i < count; i++)
            data[i] = (await NextAsync()).Data;
        return data;
    }

    public async Task AssertEndedAsync() => Assert.False(await MoveNextAsync());

    public void Cut() => _connection.Cut();

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<bool> MoveNextAsync()
    {
        while (await ReadAsync())
        {
            if (_items.Current.EventType != "stream.live")
                return true;
        }

        return false;
    }

    private async Task<bool> ReadAsync()
    {
        if (!await _items.MoveNextAsync().AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken))
            return false;
        if (_items.Current is { EventType: "stream.live" } live)
        {
            Assert.Null(_live);
            _live = JsonSerializer.Deserialize<JsonElement>(live.Data);
        }

        return true;
    }
}

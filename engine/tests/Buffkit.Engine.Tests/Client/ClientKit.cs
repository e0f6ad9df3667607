using System.Text;
using Buffkit.Client;
using Microsoft.Extensions.Time.Testing;
using StreamClient = Buffkit.Client.EventStreamClient;
using StreamEvent = Buffkit.Client.StreamEvent;

namespace Buffkit.Tests;

/// <summary>What the client's tests have in common.</summary>
internal static class ClientKit
{
    public const string Open = "id: e-0\nevent: stream.open\ndata: {\"session\":\"s\",\"recovered\":false,\"epoch\":\"e\",\"latest\":\"e-0\"}\n\n";

    public static EventStreamClientOptions SseOnly => new() { Transports = [EventStreamTransport.ServerSentEvents] };

    public static EventStreamClientOptions Plain => new() { PlainServer = true };

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A client of a server in memory.</summary>
    /// <param name="server">The server.</param>
    /// <param name="options">Its options; <see cref="SseOnly"/> where there are none.</param>
    /// <param name="time">The clock; impatient where there is none.</param>
    /// <param name="random">What the back-off draws; always the most where there is none.</param>
    public static StreamClient ClientOf(ScriptedServer server, EventStreamClientOptions? options = null, TimeProvider? time = null, Random? random = null)
    {
        var http = server.Http();
        return new StreamClient(() => http, options ?? SseOnly, null, time ?? new ImpatientTime(), random ?? new AlwaysMost());
    }

    public static string Event(string id, string text, string type = "t") =>
        $"id: {id}\nevent: {type}\ndata: {{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/events\",\"type\":\"{type}\",\"topic\":\"a\",\"datacontenttype\":\"application/json\",\"data\":\"{text}\"}}\n\n";

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static async Task<List<StreamEvent>> ReadAsync(this IAsyncEnumerable<StreamEvent> events, int count = int.MaxValue)
    {
        var read = new List<StreamEvent>();
        await foreach (var e in events)
        {
            read.Add(e);
            if (read.Count == count)
                break;
        }

        return read;
    }

    /// <summary>Lets the clock go on until a task is complete.</summary>
    public static async Task<T> WhileTimePassesAsync<T>(this Task<T> task, FakeTimeProvider time, TimeSpan? step = null)
    {
        await Eventually.TrueAsync(
            () =>
            {
                if (!task.IsCompleted)
                    time.Advance(step ?? TimeSpan.FromSeconds(1));
                return task.IsCompleted;
            },
            "the task");
        return await task;
    }

    /// <summary>Draws the upper end, so that what a back-off would wait at most can be told.</summary>
    private sealed class AlwaysMost : Random
    {
        public override double NextDouble() => 1;
    }
}

using System.Net;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>The engine with its defaults of production: topics closed, callers known by <see cref="TestAuthentication"/>.</summary>
public static class SecuredServer
{
    public const string TokenHeader = "Session-Token";

    public const string CookieName = "event-session";

    private const string Default = "Streams:Authorization:Default";

    public static (string Name, string Value)[] Browser => [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")];

    public static Task<StreamsServer> StartAsync(
        Dictionary<string, string?>? settings = null, FakeTimeProvider? time = null, Action<IServiceCollection>? services = null, Action<WebApplication>? app = null,
        Action<EventStreamsBuilder>? streams = null) =>
        StreamsServer.StartAsync(
            settings?.ContainsKey(Default) is true ? settings : new(settings ?? []) { [Default] = null },
            collection =>
            {
                TestAuthentication.Add(collection);
                if (time is not null)
                    collection.AddSingleton<TimeProvider>(time);
                services?.Invoke(collection);
            },
            built =>
            {
                TestAuthentication.Use(built);
                app?.Invoke(built);
            },
            streams: streams);

    /// <summary>Turns credentials into a session token for the header.</summary>
    public static async Task<string> LogInAsync(this StreamsServer server, string subject, DateTimeOffset? until = null, string? token = null)
    {
        using var response = await server.SendAsync(
            HttpMethod.Post, "events/session", [TestAuthentication.As(subject, until), .. Token(token)]);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues(TokenHeader).Single();
    }

    public static (string Name, string Value)[] Token(string? token) => token is null ? [] : [(TokenHeader, token)];

    public static async Task<HttpResponseMessage> SendAsync(
        this StreamsServer server, HttpMethod method, string path, (string Name, string Value)[] headers, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public static Task<HttpResponseMessage> PublishAsync(this StreamsServer server, string topic, (string Name, string Value)[] headers) =>
        server.SendAsync(HttpMethod.Post, "events", headers, JsonContent(new { topic, type = "t", data = 1 }));

    /// <summary>Publishes from code, which nobody refuses.</summary>
    public static async Task<string> PublishFromCodeAsync(this StreamsServer server, string topic, string data)
    {
        var id = await server.Publisher.PublishAsync(EventDraft.Json(Topic.Parse(topic), "t", data), TestContext.Current.CancellationToken);
        return id.ToString();
    }

    /// <summary>How a subscribe is answered.</summary>
    public static async Task<int> SubscribeStatusAsync(this StreamsServer server, string topic, params (string Name, string Value)[] headers)
    {
        await using var connection = await RawConnection.GetAsync(server.Address, $"/events?topic={Uri.EscapeDataString(topic)}", headers);
        return connection.Status;
    }

    public static string Session(this EventStreamClient client) => client.Open.GetProperty("session").GetString()!;

    private static ByteArrayContent JsonContent(object value) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value)) { Headers = { ContentType = new("application/json") } };
}

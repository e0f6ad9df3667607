using Buffkit.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the engine's endpoints.</summary>
public static class EventStreamEndpointExtensions
{
    /// <summary>Maps <c>GET</c> and <c>POST</c> under one path; see the protocol page of the docs.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="path">The path.</param>
    /// <param name="configure">Leaves out endpoints that the application does not want.</param>
    /// <returns>Takes conventions for all of them, such as an authorization policy.</returns>
    public static IEndpointConventionBuilder MapEventStreams(
        this IEndpointRouteBuilder endpoints, string path = "/events", Action<EventStreamEndpoints>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var wanted = new EventStreamEndpoints();
        configure?.Invoke(wanted);
        var group = endpoints.MapGroup(path).WithTags("Events").RequireOwnPages();
        if (wanted.Subscribe)
            MapSubscribe(group, endpoints);
        if (wanted.WebSocket)
            MapWebSocket(group, endpoints);
        if (wanted.Publish)
            MapPublish(group, endpoints);
        if (wanted.Keys)
            MapKeys(group, endpoints);
        if (wanted.Sessions)
            MapSessions(group, endpoints);
        if (wanted.Presence)
            MapPresence(group, endpoints);
        if (wanted.Subscribe || wanted.Publish)
            group.MapMethods("", [HttpMethods.Options], http => SayWhatIsAllowed(http, wanted)).ExcludeFromDescription();
        return group;
    }

    // Resolved once each, so that a service that is missing is an error at start.
    private static void MapSubscribe(RouteGroupBuilder group, IEndpointRouteBuilder endpoints)
    {
        var subscribe = endpoints.ServiceProvider.GetRequiredService<SubscribeEndpoint>();
        // A plain delegate: a route handler's own layers would wait, and hold memory, as long as each stream is open.
        group.MapGet("", subscribe.HandleAsync)
            .WithMetadata(((Delegate)subscribe.HandleAsync).Method)
            .WithName("Subscribe")
            .WithSummary("The event stream, resumable by Last-Event-ID.")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]))
            .Refuses(400, 401, 403, 406, 429, 503)
            // It has nothing to validate, and its filter would wait with the stream.
            .DisableValidation();
        group.MapMethods("", [HttpMethods.Head], subscribe.HandleAsync).ExcludeFromDescription();
    }

    private static void MapWebSocket(RouteGroupBuilder group, IEndpointRouteBuilder endpoints)
    {
        var subscribe = endpoints.ServiceProvider.GetRequiredService<SubscribeEndpoint>();
        group.MapGet("ws", WebSockets(endpoints, subscribe))
            .WithName("SubscribeWebSocket")
            .WithSummary("The same stream over a WebSocket, subprotocol cloudevents.json.")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status101SwitchingProtocols));
    }

    private static void MapPublish(RouteGroupBuilder group, IEndpointRouteBuilder endpoints)
    {
        var publish = endpoints.ServiceProvider.GetRequiredService<PublishEndpoint>();
        group.MapPost("", (Delegate)publish.HandleAsync)
            .WithName("Publish")
            .WithSummary("Publishes an event or an array of events; answered once the log holds them.")
            .Produces<PublishedOne>(StatusCodes.Status202Accepted)
            .Refuses(400, 401, 403, 413, 415, 422, 429, 503);
    }

    private static void MapKeys(RouteGroupBuilder group, IEndpointRouteBuilder endpoints)
    {
        var keys = endpoints.ServiceProvider.GetRequiredService<IKeysEndpoint>();
        group.MapGet("keys", (Delegate)keys.HandleAsync)
            .WithName("GetKeys")
            .WithSummary("The keys of one encrypted topic, for who may subscribe to it.")
            .Produces<KeySet>(contentType: "application/jwk-set+json")
            .Refuses(401, 403, 404, 429, 503);
    }

    private static void MapSessions(RouteGroupBuilder group, IEndpointRouteBuilder endpoints)
    {
        var session = endpoints.ServiceProvider.GetRequiredService<SessionEndpoint>();
        group.MapPost("session", (Delegate)session.CreateAsync)
            .WithName("CreateSession")
            .WithSummary("Turns credentials into a session: a cookie for browsers, the header Session-Token for others.")
            .Produces<SessionAnswer>()
            .Refuses(401, 403, 429);
        group.MapGet("session", (Delegate)session.ListAsync)
            .WithName("ListSessions")
            .WithSummary("The caller's sessions, on whichever devices.")
            .Produces<SessionList>()
            .Refuses(401, 429, 503);
        group.MapDelete("session", (Delegate)session.DeleteAsync)
            .WithName("DeleteSession")
            .WithSummary("Signs out: revokes the session and ends its streams; with ?others=true all other sessions of its subject instead.")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(503);
    }

    private static void MapPresence(RouteGroupBuilder group, IEndpointRouteBuilder endpoints)
    {
        var presence = endpoints.ServiceProvider.GetRequiredService<PresenceEndpoint>();
        group.MapGet("presence", (Delegate)presence.HandleAsync)
            .WithName("Presence")
            .WithSummary("Who is on a topic, over all servers.")
            .Produces<PresenceList>()
            .Refuses(400, 401, 403, 404, 503);
    }

    private static Task SayWhatIsAllowed(HttpContext http, EventStreamEndpoints wanted)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.Allow = (wanted.Subscribe, wanted.Publish) switch
        {
            (true, true) => "GET, HEAD, POST, OPTIONS",
            (true, false) => "GET, HEAD, OPTIONS",
            _ => "POST, OPTIONS",
        };
        return Task.CompletedTask;
    }

    private static TBuilder Refuses<TBuilder>(this TBuilder endpoint, params ReadOnlySpan<int> statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses)
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemDetails), ["application/problem+json"]));
        return endpoint;
    }

    // The endpoint brings the WebSocket middleware along, so that an application cannot forget it.
    private static RequestDelegate WebSockets(IEndpointRouteBuilder endpoints, SubscribeEndpoint subscribe)
    {
        var pipeline = endpoints.CreateApplicationBuilder();
        var frames = endpoints.ServiceProvider.GetRequiredService<IOptions<StreamsOptions>>().Value.Limits.FramesPerSecond;
        var time = endpoints.ServiceProvider.GetRequiredService<TimeProvider>();
        pipeline.Use(next => http =>
        {
            WebSocketFrameLimit.Attach(http, frames, time);
            return next(http);
        });
        pipeline.UseWebSockets();
        pipeline.Run(subscribe.HandleWebSocketAsync);
        return pipeline.Build();
    }
}

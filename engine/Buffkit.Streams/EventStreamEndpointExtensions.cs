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
    /// <returns>Takes conventions for both, such as an authorization policy.</returns>
    public static IEndpointConventionBuilder MapEventStreams(this IEndpointRouteBuilder endpoints, string path = "/events")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        // Resolved once, so that a service that is missing is an error at start.
        var subscribe = endpoints.ServiceProvider.GetRequiredService<SubscribeEndpoint>();
        var publish = endpoints.ServiceProvider.GetRequiredService<PublishEndpoint>();
        var keys = endpoints.ServiceProvider.GetRequiredService<KeysEndpoint>();
        var session = endpoints.ServiceProvider.GetRequiredService<SessionEndpoint>();

        var group = endpoints.MapGroup(path).WithTags("Events").RequireOwnPages();
        // A plain delegate: a route handler's own layers would wait, and hold memory, as long as each stream is open.
        group.MapGet("", subscribe.HandleAsync)
            .WithMetadata(((Delegate)subscribe.HandleAsync).Method)
            .WithName("Subscribe")
            .WithSummary("The event stream, resumable by Last-Event-ID.")
            .WithMetadata(
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]),
                Problem(StatusCodes.Status400BadRequest),
                Problem(StatusCodes.Status401Unauthorized),
                Problem(StatusCodes.Status403Forbidden),
                Problem(StatusCodes.Status406NotAcceptable),
                Problem(StatusCodes.Status429TooManyRequests),
                Problem(StatusCodes.Status503ServiceUnavailable));
        group.MapMethods("", [HttpMethods.Head], subscribe.HandleAsync).ExcludeFromDescription();
        group.MapMethods("", [HttpMethods.Options], SayWhatIsAllowed).ExcludeFromDescription();
        group.MapGet("ws", WebSockets(endpoints, subscribe))
            .WithName("SubscribeWebSocket")
            .WithSummary("The same stream over a WebSocket, subprotocol cloudevents.json.")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status101SwitchingProtocols));
        group.MapPost("", (Delegate)publish.HandleAsync)
            .WithName("Publish")
            .WithSummary("Publishes an event or an array of events; answered once the log holds them.")
            .Produces<PublishedOne>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("keys", (Delegate)keys.HandleAsync)
            .WithName("GetKeys")
            .WithSummary("The keys of one encrypted topic, for who may subscribe to it.")
            .Produces<KeySet>(contentType: "application/jwk-set+json")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("session", (Delegate)session.CreateAsync)
            .WithName("CreateSession")
            .WithSummary("Turns credentials into a session: a cookie for browsers, the header Session-Token for others.")
            .Produces<SessionAnswer>()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        group.MapGet("session", (Delegate)session.ListAsync)
            .WithName("ListSessions")
            .WithSummary("The caller's sessions, on whichever devices.")
            .Produces<SessionList>()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapDelete("session", (Delegate)session.DeleteAsync)
            .WithName("DeleteSession")
            .WithSummary("Signs out: revokes the session and ends its streams; with ?others=true all other sessions of its subject instead.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapGet("presence", (Delegate)endpoints.ServiceProvider.GetRequiredService<PresenceEndpoint>().HandleAsync)
            .WithName("Presence")
            .WithSummary("Who is on a topic, over all servers.")
            .Produces<PresenceList>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        return group;
    }

    private static Task SayWhatIsAllowed(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.Allow = "GET, HEAD, POST, OPTIONS";
        return Task.CompletedTask;
    }

    private static ProducesResponseTypeMetadata Problem(int status) =>
        new(status, typeof(ProblemDetails), ["application/problem+json"]);

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

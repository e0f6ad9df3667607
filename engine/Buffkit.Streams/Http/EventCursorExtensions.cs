using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Lets a client load a state and go on with the stream from there.</summary>
public static class EventCursorExtensions
{
    /// <summary>The header that says where the log stood before the answer was made.</summary>
    public const string HeaderName = "Event-Cursor";

    /// <summary>
    /// Puts the log's position, read before the handler runs, into the header <c>Event-Cursor</c>: whoever subscribes with
    /// <c>?after=</c> this cursor misses nothing that the answer does not show. Some events may tell what it shows already.
    /// </summary>
    /// <remarks>Where the log was never reached there is no header; the client then subscribes from now on, and loads again.</remarks>
    /// <param name="builder">The endpoint, or a group of them.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder WithEventCursor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint =>
        {
            var handle = endpoint.RequestDelegate;
            if (handle is null)
                return;
            endpoint.RequestDelegate = http =>
            {
                var state = http.RequestServices.GetRequiredService<IEventLog>().State;
                if (state.IsKnown)
                    http.Response.Headers[HeaderName] = state.Latest.ToString();
                return handle(http);
            };
        });
        return builder;
    }
}

using Buffkit.Streams.Sql;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps what operators need when events of the outbox cannot be published.</summary>
public static class OutboxEndpointExtensions
{
    /// <summary>
    /// Maps <c>GET</c> (how much waits, and what was set aside, without payloads), <c>POST /{id}/replay</c> and <c>DELETE /{id}</c> under
    /// one path.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="policy">The authorization policy of operators. Whoever it lets in sees the topics of all, and may drop events.</param>
    /// <param name="path">The path.</param>
    /// <returns>Takes conventions for all of them.</returns>
    public static IEndpointConventionBuilder MapEventOutbox(this IEndpointRouteBuilder endpoints, string policy, string path = "/outbox")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(policy);
        var group = endpoints.MapGroup(path).WithTags("Outbox").RequireOwnPages().RequireAuthorization(policy);
        group.MapGet("", ListAsync)
            .WithName("ListOutbox")
            .WithSummary("How much waits to be published, and what was set aside, a hundred at a time.");
        group.MapPost("{id:long}/replay", ReplayAsync)
            .WithName("ReplayOutboxEvent")
            .WithSummary("Lets an event that was set aside be published again, and those that wait behind it.");
        group.MapDelete("{id:long}", DropAsync)
            .WithName("DropOutboxEvent")
            .WithSummary("Deletes an event that was set aside; those that wait behind it go on.");
        return group;
    }

    private static async Task<Ok<OutboxContent>> ListAsync(OutboxStore store, CancellationToken cancellationToken, long after = 0)
    {
        var counts = await store.CountAsync(cancellationToken);
        return TypedResults.Ok(new OutboxContent(counts.Waiting, counts.OldestAge.TotalSeconds, counts.SetAside, await store.ListAsync(after, cancellationToken)));
    }

    private static async Task<Results<NoContent, NotFound>> ReplayAsync(long id, OutboxStore store, CancellationToken cancellationToken) =>
        await store.ReplayAsync(id, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async Task<Results<NoContent, NotFound>> DropAsync(long id, OutboxStore store, CancellationToken cancellationToken) =>
        await store.DropAsync(id, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound();
}

using Microsoft.AspNetCore.Http.HttpResults;
using Buffkit.Streams;

namespace SolutionNamespace.Api;

/// <summary>Each new row is also an event for all who watch <c>pluralname/**</c>.</summary>
internal static class SingularNameEndpoints
{
    public static void AddPluralName(this IServiceCollection services) => services.AddSingleton<SingularNameStore>();

    public static void MapPluralName(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/pluralname").WithTags("PluralName").RequireOwnPages();
        group.RequireUser();
        group.MapPost("", CreateAsync)
            .WithName("CreateSingularName")
            .WithSummary("Adds one and publishes singularname.created on pluralname/{id}.")
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .RequireRateLimiting(RequestLimits.Writes);
        group.MapGet("", ListAsync)
            .WithName("ListPluralName")
            .WithSummary("Lists the newest.")
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .RequireRateLimiting(RequestLimits.Reads);
    }

    private static async Task<Created<SingularName>> CreateAsync(
        NewSingularName body, SingularNameStore store, IEventPublisher events, CancellationToken cancellationToken)
    {
        var added = await store.AddAsync(body, cancellationToken);
        // The row is there: a caller who leaves now must not cost the watchers their event.
        await events.PublishAsync(
            EventDraft.Json(Topic.Parse($"pluralname/{added.Id}"), "singularname.created", added, key: $"{added.Id}"), CancellationToken.None);
        return TypedResults.Created($"/pluralname/{added.Id}", added);
    }

    private static async Task<Ok<IReadOnlyList<SingularName>>> ListAsync(SingularNameStore store, CancellationToken cancellationToken) =>
        TypedResults.Ok(await store.ListAsync(cancellationToken));
}

using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Buffkit.Api;

/// <summary>The sample feature: an order is a row, and an event for all who watch; both or neither (see OrderStore).</summary>
internal static class OrderEndpoints
{
    public static void AddOrders(this IServiceCollection services) => services.AddSingleton<OrderStore>();

    public static void MapOrders(this IEndpointRouteBuilder app)
    {
        var orders = app.MapGroup("/orders").WithTags("Orders").RequireOwnPages();
        orders.RequireUser();
        orders.MapPost("", CreateAsync)
            .WithName("CreateOrder")
            .WithSummary("Takes an order and publishes order.created on orders/{id}.")
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .RequireRateLimiting(RequestLimits.Writes);
        orders.MapGet("", ListAsync)
            .WithName("ListOrders")
            .WithSummary("Lists orders, the newest first; Event-Cursor says from where to go on with the stream.")
            .WithEventCursor()
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .RequireRateLimiting(RequestLimits.Reads);
        orders.MapGet("{id:long}", FindAsync)
            .WithName("FindOrder")
            .WithSummary("Finds an order by its number.")
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .RequireRateLimiting(RequestLimits.Reads);
    }

    private static async Task<Created<Order>> CreateAsync(
        NewOrder order, OrderStore store, CancellationToken cancellationToken)
    {
        var added = await store.AddAsync(order, cancellationToken);
        return TypedResults.Created($"/orders/{added.Id}", added);
    }

    private static async Task<Results<Ok<Order>, NotFound>> FindAsync(
        long id, OrderStore store, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is { } order ? TypedResults.Ok(order) : TypedResults.NotFound();

    private static async Task<Ok<IReadOnlyList<Order>>> ListAsync(
        OrderStore store,
        CancellationToken cancellationToken,
        [Range(1, long.MaxValue)] long before = long.MaxValue,
        [Range(1, 500)] int limit = 50) =>
        TypedResults.Ok(await store.ListAsync(before, limit, cancellationToken));
}

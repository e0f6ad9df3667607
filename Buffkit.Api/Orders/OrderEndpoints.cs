using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

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
            .WithSummary("Takes an order and publishes order.created on orders/{id}; once for each Idempotency-Key.")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
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

    /// <summary>A client that heard no answer sends the same request again, with the same key: it places one order.</summary>
    private static async Task<Results<Created<Order>, ProblemHttpResult>> CreateAsync(
        NewOrder order,
        [FromHeader(Name = "Idempotency-Key"), StringLength(200, MinimumLength = 1)] string? idempotencyKey,
        ClaimsPrincipal user,
        HttpResponse response,
        OrderStore store,
        CancellationToken cancellationToken)
    {
        // Each caller's keys are their own.
        var request = idempotencyKey is null ? null : $"{user.Id()}\n{idempotencyKey}";
        var (placed, isRepeated) = await store.AddAsync(order, request, cancellationToken);
        if (isRepeated && (placed.Customer, placed.Item, placed.Quantity) != (order.Customer, order.Item, order.Quantity))
            return TypedResults.Problem("This Idempotency-Key has placed another order. Send a new order with a new key.", statusCode: StatusCodes.Status422UnprocessableEntity);
        if (isRepeated)
            response.Headers["Idempotency-Replayed"] = "true";
        return TypedResults.Created($"/orders/{placed.Id}", placed);
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

using System.ComponentModel.DataAnnotations;

namespace Buffkit.Api;

/// <summary>What a customer ordered.</summary>
public sealed record Order
{
    /// <summary>The order's number.</summary>
    public long Id { get; init; }

    /// <inheritdoc cref="NewOrder.Customer"/>
    public required string Customer { get; init; }

    /// <inheritdoc cref="NewOrder.Item"/>
    public required string Item { get; init; }

    /// <inheritdoc cref="NewOrder.Quantity"/>
    public int Quantity { get; init; }

    /// <summary>When it was taken, in UTC.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An order that is not taken yet.</summary>
public sealed record NewOrder
{
    /// <summary>Who orders, 1 to 200 characters.</summary>
    [Required, StringLength(200, MinimumLength = 1)]
    public string? Customer { get; init; }

    /// <summary>What is ordered, 1 to 200 characters.</summary>
    [Required, StringLength(200, MinimumLength = 1)]
    public string? Item { get; init; }

    /// <summary>How many, 1 to 1,000.</summary>
    /// <value>Default 1.</value>
    [Range(1, 1_000)]
    public int Quantity { get; init; } = 1;
}

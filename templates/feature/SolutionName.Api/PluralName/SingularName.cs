using System.ComponentModel.DataAnnotations;

namespace SolutionNamespace.Api;

/// <summary>A row of the table, and the payload of its events.</summary>
public sealed record SingularName(long Id, string Name);

/// <summary>What a caller sends.</summary>
public sealed record NewSingularName
{
    /// <summary>1 to 200 characters.</summary>
    [Required, StringLength(200, MinimumLength = 1)]
    public string? Name { get; init; }
}

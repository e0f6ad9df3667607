using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Buffkit.ServiceDefaults;

/// <summary>This solution was written without Redis: each of its servers has a log of its own.</summary>
public static class WithoutRedis
{
    private const string ConnectionName = "redis";

    /// <summary>Refuses to start as if there were Redis: servers that are believed to share a log would lose each other's events.</summary>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException"><c>ConnectionStrings:redis</c> is set.</exception>
    public static TBuilder RefuseRedis<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        return string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(ConnectionName))
            ? builder
            : throw new InvalidOperationException(
                $"ConnectionStrings:{ConnectionName} is set, but this solution was written without Redis: its servers would not see "
                + "each other's events. Take the setting away, or write the solution anew with --redis true (docs/upgrading.md).");
    }
}

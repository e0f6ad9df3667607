using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Streams;

/// <summary>
/// What servers that share take in the place of what one alone has. A package registers it; in whichever order it and the engine are
/// added, and whether there is something to share with is decided when the server starts.
/// </summary>
/// <param name="Create">Makes it; <see langword="null"/> where the server runs alone.</param>
internal sealed record SharedService<T>(Func<IServiceProvider, T?> Create)
    where T : class;

/// <summary>What a server that runs alone takes in the place of what it has in memory: it outlives the process.</summary>
/// <param name="Create">Makes it; <see langword="null"/> where it is switched off.</param>
internal sealed record DurableService<T>(Func<IServiceProvider, T?> Create)
    where T : class;

internal static class SharedServiceExtensions
{
    public static T GetShared<T>(this IServiceProvider provider, Func<T> alone)
        where T : class =>
        provider.GetService<SharedService<T>>()?.Create(provider)
        ?? provider.GetService<DurableService<T>>()?.Create(provider)
        ?? alone();
}

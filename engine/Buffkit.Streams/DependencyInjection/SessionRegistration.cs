using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

internal static class SessionRegistration
{
    public static void AddSessions(this IServiceCollection services)
    {
        services.AddDataProtection();
        services.TryAddSingleton(provider => provider.GetShared<ISessionStore>(() => new MemorySessionStore(
            provider.GetRequiredService<IOptions<StreamsOptions>>().Value.Sessions, provider.GetRequiredService<TimeProvider>())));
        services.TryAddSingleton<SessionTokens>();
        services.TryAddSingleton<PlainHttpWatch>();
        services.TryAddSingleton<SessionGate>();
        services.TryAddSingleton(provider => new EventSessions(
            provider.GetRequiredService<ISessionStore>(), provider.GetRequiredService<ILogger<EventSessions>>()));
        services.AddHostedService<SessionWatch>();
    }
}

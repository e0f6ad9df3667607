using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

internal static class AdmissionRegistration
{
    public static void AddAdmission(this IServiceCollection services)
    {
        services.AddOwnPages();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, TrustedProxies>());
        // The framework's own reading of the headers (see TrustedProxies) must not follow on that of the configured proxies: the second
        // entry from the end is what the client wrote.
        services.AddOptions<ForwardedHeadersOptions>().PostConfigure<IOptions<StreamsOptions>, IConfiguration>((headers, options, configuration) =>
        {
            if (!options.Value.Proxies.IsEmpty && TrustedProxies.TrustsEverybody(configuration))
                headers.ForwardedHeaders = ForwardedHeaders.None;
        });
        services.TryAddSingleton<CrossSiteGuard>();
        services.TryAddSingleton<SecurityMetrics>();
        services.TryAddSingleton<ITopicAuthorization, DefaultTopicAuthorization>();
        services.TryAddSingleton<RequestLimits>();
        services.TryAddSingleton<SessionPace>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionObserver, SessionPace>(provider => provider.GetRequiredService<SessionPace>()));
        services.TryAddSingleton(provider => provider.GetShared<IConnectionCounts>(() => new MemoryConnectionCounts()));
        services.AddHostedService<ConnectionCounting>();
        services.TryAddSingleton<ConnectionLimits>();
        services.TryAddSingleton<Admission>();
    }
}

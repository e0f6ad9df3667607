using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Reads the client's address from the configured proxies' headers, before anything else looks at it.</summary>
/// <remarks>
/// With <c>ASPNETCORE_FORWARDEDHEADERS_ENABLED=true</c>, as Aspire sets it when it publishes, ASP.NET Core does so by itself and believes
/// whoever connects. That is left alone, and spoken of, where no proxy is configured. Where one is, it alone is believed.
/// </remarks>
internal sealed partial class TrustedProxies(
    IOptions<StreamsOptions> options, IConfiguration configuration, ILogger<TrustedProxies> logger) : IStartupFilter
{
    private readonly ProxyOptions _proxies = options.Value.Proxies;

    /// <summary>Whether ASP.NET Core believes the forwarded headers of whoever connects.</summary>
    public static bool TrustsEverybody(IConfiguration configuration) =>
        string.Equals(configuration["FORWARDEDHEADERS_ENABLED"], "true", StringComparison.OrdinalIgnoreCase);

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (_proxies.IsEmpty && TrustsEverybody(configuration))
            Log.Everybody(logger);
        if (!_proxies.IsEmpty)
            app.UseForwardedHeaders(Headers());
        next(app);
    };

    private ForwardedHeadersOptions Headers()
    {
        var headers = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = _proxies.Count,
        };
        // The framework's own entries are the loopback addresses, where anything on this machine could be a "proxy".
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        foreach (var address in _proxies.Addresses)
            headers.KnownProxies.Add(IPAddress.Parse(address));
        foreach (var network in _proxies.Networks)
            headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        return headers;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Forwarded headers are believed from whoever connects (ASPNETCORE_FORWARDEDHEADERS_ENABLED): see to it that this server can be reached through its proxy alone, or name that in Streams:Proxies.")]
        public static partial void Everybody(ILogger logger);
    }
}

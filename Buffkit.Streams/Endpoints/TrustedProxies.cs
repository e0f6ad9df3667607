using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Reads the client's address from the configured proxies' headers, before anything else looks at it.</summary>
internal sealed class TrustedProxies(IOptions<StreamsOptions> options) : IStartupFilter
{
    private readonly ProxyOptions _proxies = options.Value.Proxies;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
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
}

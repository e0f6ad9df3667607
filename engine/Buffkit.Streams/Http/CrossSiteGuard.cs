using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Refuses requests that a browser makes for a page of another site: with its user's cookie (CSRF), or from within its user's
/// network, where a stranger's page could reach a server that a stranger cannot. Pages of <c>Streams:Cors:Origins</c> may.
/// </summary>
/// <remarks>
/// <c>Sec-Fetch-Site</c> cannot be forged by a page. Where a browser does not send it (plain HTTP), <c>Origin</c> comes with
/// every WebSocket, every cross-origin read by script and every POST. Other clients send neither, and carry no cookie that
/// they were not given to use.
/// </remarks>
internal sealed class CrossSiteGuard(IOptions<StreamsOptions> options, SecurityMetrics metrics)
{
    private readonly HashSet<string> _allowed = new(options.Value.Cors.Origins, StringComparer.OrdinalIgnoreCase);

    /// <returns>The answer to a request that is refused.</returns>
    public IResult? Refuse(HttpRequest request)
    {
        if (!IsForeign(request))
            return null;
        metrics.Refused("cross-site");
        return AccessProblems.Forbidden("The request comes from a page of another origin that is not in Streams:Cors:Origins.");
    }

    private bool IsForeign(HttpRequest request)
    {
        var origin = request.Headers.Origin;
        if (origin.Count == 1 && _allowed.Contains(origin.ToString()))
            return false;
        if (request.Headers.TryGetValue(BrowserRequest.FetchSite, out var site))
            return site.ToString() is not ("same-origin" or "none");
        // Hosts are compared without their scheme: behind a proxy that ends TLS the server does not know it.
        return origin.Count > 0
            && !(Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var from)
                && string.Equals(from.Authority, WithoutDefaultPort(request, from), StringComparison.OrdinalIgnoreCase));
    }

    private static string WithoutDefaultPort(HttpRequest request, Uri from) =>
        from.IsDefaultPort && request.Host.Port == from.Port ? request.Host.Host : request.Host.Value ?? "";
}

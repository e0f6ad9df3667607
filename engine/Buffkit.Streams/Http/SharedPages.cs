using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Buffkit.Streams;

/// <summary>
/// Answers to long polls that caches may give to others: full pages of the past, which stay what they are, of topics that are open to
/// everybody, to callers of whom nothing is known.
/// </summary>
internal sealed class SharedPages(ITopicAuthorization authorization, IOptions<StreamsOptions> options)
{
    // A page never changes; but who stops being allowed to see a topic is to stop seeing it, and what is deleted is to be gone.
    private const string CacheControl = "public, max-age=300";

    private readonly int _pageBytes = options.Value.Delivery.MaxBatchBytes;

    /// <summary>Sets the headers for caches where they may keep the answer.</summary>
    /// <returns>Whether the caller has it already, and was told so.</returns>
    public async ValueTask<bool> MarkAsync(HttpContext http, SubscribeRequest request, Subscription subscription, BatchSink sink, EventId cursor)
    {
        // What a page's cursor says must stand in its URL: caches look at no other.
        if (request.LastEventId is not null || request.After is not { } after || subscription.Start.Gap is not null || sink.Buffered < _pageBytes)
            return false;
        if (ShowsWhoItIs(http.Request) || !await IsOpenToAllAsync(request, http.RequestAborted))
            return false;

        var tag = $"\"{after}.{cursor}\"";
        // The token of a session that nobody has used yet must not go to others with the page; without it the caller gets another.
        http.Response.Headers.Remove("Set-Cookie");
        http.Response.Headers.Remove(SessionCarrier.Header);
        http.Response.Headers.CacheControl = CacheControl;
        http.Response.Headers.ETag = tag;
        http.Response.Headers.Vary = StringValues.Concat(http.Response.Headers.Vary, new StringValues(["Accept", "Origin", "Authorization", "Cookie", SessionCarrier.Header]));
        if (!http.Request.Headers.IfNoneMatch.ToString().Contains(tag, StringComparison.Ordinal))
            return false;
        http.Response.ContentType = null;
        http.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    private static bool ShowsWhoItIs(HttpRequest request) =>
        request.Headers.ContainsKey("Authorization") || request.Headers.ContainsKey("Cookie") || request.Headers.ContainsKey(SessionCarrier.Header);

    private async ValueTask<bool> IsOpenToAllAsync(SubscribeRequest request, CancellationToken cancellationToken)
    {
        var nobody = new ClaimsPrincipal(new ClaimsIdentity());
        foreach (var filter in request.Filters)
        {
            if (!await authorization.IsAllowedAsync(new TopicAccess(nobody, TopicOperation.Subscribe, filter), cancellationToken))
                return false;
        }

        return true;
    }
}

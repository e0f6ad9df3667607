using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Buffkit.Streams;

/// <summary>What a client takes, by its header <c>Accept</c> (RFC 9110, section 12.5.1).</summary>
internal static class AcceptHeader
{
    /// <summary>Picks the media type that the client likes best.</summary>
    /// <param name="request">The request.</param>
    /// <param name="offered">What there is; of several that are liked alike the one that is named, then the first.</param>
    /// <returns><see langword="null"/> where it takes none of them.</returns>
    public static string? Choose(HttpRequest request, params ReadOnlySpan<string> offered)
    {
        var ranges = request.GetTypedHeaders().Accept;
        if (ranges.Count == 0)
            return offered[0];
        string? best = null;
        (double Quality, int Precision) liked = default;
        foreach (var mediaType in offered)
        {
            var one = Like(ranges, mediaType);
            if (one.Quality > 0 && one.CompareTo(liked) > 0)
                (best, liked) = (mediaType, one);
        }

        return best;
    }

    /// <summary>Whether a client takes one media type and names no other.</summary>
    public static bool IsExactly(HttpRequest request, string mediaType) =>
        request.GetTypedHeaders().Accept is [{ Quality: not 0 } range] && range.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase);

    // The most precise range that matches says how much a type is liked, wherever it stands.
    private static (double Quality, int Precision) Like(IList<MediaTypeHeaderValue> ranges, string mediaType)
    {
        (double Quality, int Precision) like = default;
        foreach (var range in ranges)
        {
            var precision = Precision(range, mediaType);
            if (precision > like.Precision)
                like = (range.Quality ?? 1, precision);
        }

        return like;
    }

    private static int Precision(MediaTypeHeaderValue range, string mediaType)
    {
        if (range.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
            return 3;
        if (range.MatchesAllTypes)
            return 1;
        return range.MatchesAllSubTypes && mediaType.AsSpan().StartsWith(range.Type.AsSpan(), StringComparison.OrdinalIgnoreCase)
            && mediaType[range.Type.Length] == '/' ? 2 : 0;
    }
}

using System.Net;

namespace Buffkit.Client;

/// <summary>
/// Redirects are followed within the origin alone. A handler that follows them by itself sends the session, and the caller's own headers, to
/// whatever host an answer names.
/// </summary>
internal static class Redirects
{
    /// <summary>As many in a row as a site that is in order may need; more are a circle.</summary>
    public const int Most = 5;

    /// <summary>Scheme, host and port.</summary>
    public static string Origin(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <returns>The request that follows; nothing where the answer is not to be followed.</returns>
    /// <exception cref="HttpRequestException">It leads to another origin, for a time: a page that says that the site is closed, or asks to sign in.</exception>
    /// <exception cref="EventStreamException">It leads to another origin for good.</exception>
    public static HttpRequestMessage? Next(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
            || response.Headers.Location is not { } location)
        {
            return null;
        }

        // As it was written: a path alone is taken for one of a file on Unix.
        if (!Uri.TryCreate(request.RequestUri!, location.OriginalString, out var target))
            return null;
        if (Origin(target) != Origin(request.RequestUri!))
        {
            var problem = $"The server redirects from {Origin(request.RequestUri!)} to {Origin(target)}. Another origin is not followed, since it would get the session and "
                + $"the caller's headers: if it is meant, set {nameof(EventStreamClientOptions)}.{nameof(EventStreamClientOptions.Endpoint)} or the base address to it.";
            throw response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.PermanentRedirect
                ? new EventStreamException(problem, response.StatusCode)
                : new HttpRequestException(problem, null, response.StatusCode);
        }

        // The others make a GET of what was none (RFC 9110, section 15.4).
        var keepsMethod = response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        return keepsMethod || request.Method == HttpMethod.Get ? Copy(request, target) : null;
    }

    // A request is sent once.
    private static HttpRequestMessage Copy(HttpRequestMessage request, Uri target)
    {
        var copy = new HttpRequestMessage(request.Method, target) { Version = request.Version, VersionPolicy = request.VersionPolicy, Content = request.Content };
        foreach (var (name, values) in request.Headers.NonValidated)
            copy.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }
}

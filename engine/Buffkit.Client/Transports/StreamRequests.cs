using System.Globalization;
using System.Net.Http.Headers;

namespace Buffkit.Client;

/// <summary>Makes the requests of one client: their addresses, and what is said of the caller.</summary>
internal sealed class StreamRequests(Func<HttpClient> http, EventStreamClientOptions options, SessionHolder session)
{
    public const string LastEventId = "Last-Event-ID";

    public const string Authorization = "Authorization";

    /// <summary>A client that is used for one request or one stream; it may be another one each time.</summary>
    public HttpClient Http() => http();

    /// <summary>The endpoint, or what is below it.</summary>
    /// <param name="client">For its base address.</param>
    /// <param name="below">Such as <c>/ws</c>.</param>
    /// <param name="query">Members that are added to the endpoint's own.</param>
    public Uri Address(HttpClient client, string below = "", IEnumerable<(string Name, string Value)>? query = null)
    {
        var endpoint = options.Endpoint.IsAbsoluteUri
            ? options.Endpoint
            : new Uri(client.BaseAddress ?? throw new InvalidOperationException("Set HttpClient.BaseAddress, or an absolute EventStreamClientOptions.Endpoint."), options.Endpoint);
        var address = new UriBuilder(endpoint) { Path = endpoint.AbsolutePath.TrimEnd('/') + below };
        if (below.Length == 0)
            address.Path = endpoint.AbsolutePath;
        var members = (query ?? []).Select(member => $"{member.Name}={Uri.EscapeDataString(member.Value)}");
        address.Query = string.Join('&', (endpoint.Query.Length > 1 ? [endpoint.Query[1..]] : Array.Empty<string>()).Concat(members));
        return address.Uri;
    }

    /// <summary>What a subscription asks for, in the query.</summary>
    /// <param name="topics">Its topics.</param>
    /// <param name="start">Where it begins.</param>
    public IEnumerable<(string Name, string Value)> Query(IReadOnlyList<string> topics, StreamStart start)
    {
        foreach (var topic in topics)
            yield return ("topic", topic);
        if (options.PlainServer || !string.IsNullOrEmpty(start.Cursor))
            yield break;
        if (start.After is { } after)
            yield return ("after", after);
        else if (start.Since is { } since)
            yield return ("since", since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
    }

    public static HttpRequestMessage Request(HttpClient client, HttpMethod method, Uri address) =>
        new(method, address) { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };

    /// <summary>Who calls: the access token of now, and the session.</summary>
    /// <returns>Names and values of headers.</returns>
    public async ValueTask<List<(string Name, string Value)>> CallerAsync(CancellationToken cancellationToken, Session? own = null)
    {
        var headers = new List<(string, string)>();
        if (options.AccessToken is { } token && await token(cancellationToken).ConfigureAwait(false) is { Length: > 0 } bearer)
            headers.Add((Authorization, $"Bearer {bearer}"));
        if (!options.PlainServer && (own ?? session.Current).Token is { } current)
            headers.Add((SessionHolder.Header, current));
        return headers;
    }

    /// <summary>Sends, and keeps the session that the answer carries.</summary>
    /// <inheritdoc cref="SendAloneAsync"/>
    public async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var origin = Redirects.Origin(request.RequestUri!);
        var response = await SendAloneAsync(client, request, cancellationToken).ConfigureAwait(false);
        // A handler of the caller's own may have followed a redirect to a host that has no say in this session.
        var isOwn = response.RequestMessage?.RequestUri is not { } answered || Redirects.Origin(answered) == origin;
        if (!options.PlainServer && isOwn && response.Headers.TryGetValues(SessionHolder.Header, out var tokens))
            session.Take(tokens.LastOrDefault());
        return response;
    }

    /// <summary>Sends, and leaves the session as it is.</summary>
    /// <exception cref="HttpRequestException">No answer came, whatever the handlers say of that.</exception>
    /// <exception cref="EventStreamException">The answer leads to another origin.</exception>
    public static async Task<HttpResponseMessage> SendAloneAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var left = Redirects.Most; ; left--)
        {
            var response = await TryAsync(client, request, cancellationToken).ConfigureAwait(false);
            try
            {
                if (left == 0 || Redirects.Next(request, response) is not { } next)
                    return response;
                response.Dispose();
                request = next;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    // Resilience handlers throw exceptions of their own where a server is away: an open circuit, a time-out that is no cancellation.
    private static async Task<HttpResponseMessage> TryAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not HttpRequestException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw new HttpRequestException(e.Message, e);
        }
    }

    public static void Add(HttpRequestHeaders headers, IEnumerable<(string Name, string Value)> values)
    {
        foreach (var (name, value) in values)
            headers.TryAddWithoutValidation(name, value);
    }
}

/// <summary>Where a connection begins.</summary>
/// <param name="Cursor">The last id; wins over the others.</param>
/// <param name="After">What the subscription was told to begin with.</param>
/// <param name="Since">The time that it was told to begin with.</param>
internal readonly record struct StreamStart(string? Cursor, string? After, DateTimeOffset? Since);

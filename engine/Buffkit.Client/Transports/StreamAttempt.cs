namespace Buffkit.Client;

/// <summary>What a connection is made of.</summary>
internal sealed record StreamAttempt(
    StreamRequests Requests, EventStreamClientOptions Options, IReadOnlyList<string> Topics, StreamStart Start, TimeProvider Time, SessionHolder Session)
{
    /// <summary>Who calls, and where it goes on.</summary>
    public async ValueTask<List<(string Name, string Value)>> HeadersAsync(CancellationToken cancellationToken)
    {
        var headers = await Requests.CallerAsync(cancellationToken).ConfigureAwait(false);
        if (!string.IsNullOrEmpty(Start.Cursor))
            headers.Add((StreamRequests.LastEventId, Start.Cursor));
        return headers;
    }
}

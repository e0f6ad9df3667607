using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>Reads the header <c>Idempotency-Key</c> (IETF draft httpapi-idempotency-key-header).</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Says in a response that the answer is an earlier request's.</summary>
    public const string ReplayedHeader = "Idempotency-Replayed";

    /// <summary>Reads the key; everybody's keys are their own, so that nobody can use up or probe another's.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="session">Whose request it is.</param>
    /// <param name="secret">
    /// Where the events are encrypted: keys the fingerprint, which the log keeps, so that from it nobody can try out payloads.
    /// </param>
    public static (Idempotency? Idempotency, IResult? Problem) Read(HttpRequest request, ReadOnlySpan<byte> body, Session session, byte[]? secret)
    {
        if (!request.Headers.TryGetValue(Header, out var values))
            return (null, null);
        if (values.Count > 1)
            return (null, EventStreamProblems.Invalid(Header, "A request has one key."));
        var key = values.ToString();
        return key.Length is 0 or > Idempotency.MaxKeyLength || key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? (null, EventStreamProblems.Invalid(Header, $"A key has 1 to {Idempotency.MaxKeyLength} visible ASCII characters."))
            : (new Idempotency(Own(key, session, request.HttpContext), Fingerprint(request, body, secret)), null);
    }

    // The kind of owner and a space stand before the hash: no header can spell a space, and no kind of owner meets another.
    // A key has no line break, so that the last one always parts it from its owner, whatever stands in a subject.
    private static string Own(string key, Session session, HttpContext http)
    {
        var (kind, owner) = session switch
        {
            { Subject: { } subject } => ("subject", subject),
            { IsReturning: true } => ("session", session.Id.ToString()),
            // Without a token each call is a session of its own: what stays the same when it is repeated is where it comes from.
            _ => ("address", ClientNetwork.Of(http.Connection.RemoteIpAddress)),
        };
        return $"{kind} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{owner}\n{key}")))}";
    }

    // All that makes the events: with another topic in the query the same body is another request.
    private static string Fingerprint(HttpRequest request, ReadOnlySpan<byte> body, byte[]? secret)
    {
        using var hash = secret is null
            ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256)
            : IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.ContentType}\n{request.QueryString}\n"));
        foreach (var (name, value) in request.Headers)
        {
            if (name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
                hash.AppendData(Encoding.UTF8.GetBytes($"{name.ToLowerInvariant()}: {value}\n"));
        }

        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

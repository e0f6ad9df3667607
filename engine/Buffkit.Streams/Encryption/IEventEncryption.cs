using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>Encrypts the payloads of configured topics before the log takes them. A package of its own does; without it nothing is encrypted.</summary>
internal interface IEventEncryption
{
    bool IsEncrypted(Topic topic);

    /// <summary>Encrypts those events that are to be, in place.</summary>
    /// <exception cref="KeysUnavailableException">There is no key.</exception>
    ValueTask EncryptAsync(EventDraft[] drafts, CancellationToken cancellationToken);

    /// <summary>Notes where events were appended: a new epoch is a log that was emptied, and the keys may have been emptied with it.</summary>
    ValueTask AppendedAsync(Epoch epoch, CancellationToken cancellationToken);

    /// <summary>The secret with which requests that publish to encrypted topics are fingerprinted for their idempotency key.</summary>
    /// <exception cref="KeysUnavailableException">It is out of reach.</exception>
    ValueTask<byte[]> GetFingerprintKeyAsync(CancellationToken cancellationToken);
}

/// <summary>Answers <c>GET /events/keys</c>.</summary>
internal interface IKeysEndpoint
{
    Task<IResult> HandleAsync(HttpContext http);
}

/// <summary>Every topic is in clear.</summary>
internal sealed class NoEncryption : IEventEncryption, IKeysEndpoint
{
    /// <summary>The configuration of topics that are to be encrypted.</summary>
    public const string TopicsKey = "Streams:Encryption:Topics";

    public bool IsEncrypted(Topic topic) => false;

    public ValueTask EncryptAsync(EventDraft[] drafts, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask AppendedAsync(Epoch epoch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<byte[]> GetFingerprintKeyAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("No topic is encrypted.");

    public Task<IResult> HandleAsync(HttpContext http) => Task.FromResult<IResult>(
        TypedResults.Problem("No topic is encrypted (AddEncryption, Streams:Encryption:Topics).", statusCode: StatusCodes.Status404NotFound));
}

/// <summary>Says that something encrypts, without making it.</summary>
internal sealed record EncryptionIsAdded;

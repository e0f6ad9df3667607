namespace Buffkit.Streams;

/// <summary>
/// A secret of the servers with which requests that publish to encrypted topics are fingerprinted for their
/// <c>Idempotency-Key</c>: without it one who reads the log's idempotency keys could try out payloads.
/// </summary>
internal interface IFingerprintKey
{
    /// <summary>256 bits, the same on all servers that share a log.</summary>
    /// <exception cref="KeysUnavailableException">It is out of reach.</exception>
    ValueTask<byte[]> GetAsync(CancellationToken cancellationToken);
}

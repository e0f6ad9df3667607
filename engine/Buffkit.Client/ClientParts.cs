using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

/// <summary>What the subscriptions of one client share.</summary>
internal sealed record ClientParts(
    EventStreamClientOptions Options,
    StreamRequests Requests,
    SessionHolder Session,
    SessionRenewal Renewal,
    EventDecryption Decryption,
    TimeProvider Time,
    Random Random,
    ILogger Logger);

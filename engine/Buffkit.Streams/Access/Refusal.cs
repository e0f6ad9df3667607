using System.Globalization;

namespace Buffkit.Streams;

/// <summary>A limit says no for now.</summary>
/// <param name="Reason">Which kind, for metrics.</param>
/// <param name="RetryAfter">When it is worth trying again.</param>
/// <param name="Detail">Which limit, for a person.</param>
internal sealed record Refusal(string Reason, TimeSpan RetryAfter, string Detail)
{
    public const string Rate = "rate";
    public const string Connections = "connections";
    public const string Breaker = "breaker";
    public const string Body = "body";
    public const string Presence = "presence";

    // An EventSource that is turned away is turned away for a while: what made the limit speak takes longer than a moment.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(5);

    /// <summary>For browsers: each comes back at its own moment between the wait and twice that.</summary>
    public StreamClose ToClose()
    {
        var wait = RetryAfter > ShortestWait ? RetryAfter : ShortestWait;
        return new StreamClose(CloseReason.Limit, wait + (wait * Random.Shared.NextDouble()));
    }

    public static Refusal OfRate(string setting, int limit, string unit, TimeSpan retryAfter) => new(
        Rate, retryAfter, string.Create(CultureInfo.InvariantCulture, $"More than {limit} {unit} (Streams:Limits:{setting})."));
}

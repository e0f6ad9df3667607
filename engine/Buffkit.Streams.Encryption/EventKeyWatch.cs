using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Encryption;

/// <summary>
/// Puts keys that this server knows back into a store that lost them, as a Redis does that is emptied: also where nothing
/// is published any more, so that what was published stays readable.
/// </summary>
internal sealed class EventKeyWatch(EventKeyRing keys, IOptions<EncryptionOptions> options, TimeProvider time) : BackgroundService
{
    /// <summary>Between two looks: one read of a few keys each.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Topics.Count == 0)
            return;
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await keys.AllAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (KeysUnavailableException)
                {
                    // Health says that Redis is away; the next look comes soon.
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }
}

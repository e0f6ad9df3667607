using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>Drops events from the stream that are older than <see cref="LogOptions.MaxAge"/>; every server does, so none is special.</summary>
internal sealed class RedisLogTrimmer(RedisKeys keys, LogOptions options, TimeProvider time)
{
    // Retention may be exceeded by this; it costs one short command.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private long? _trimmed;

    public async ValueTask TrimIfDueAsync(IDatabase database, CancellationToken cancellationToken)
    {
        if (options.MaxAge == TimeSpan.Zero || (_trimmed is { } trimmed && time.GetElapsedTime(trimmed) < Interval))
            return;
        _trimmed = time.GetTimestamp();
        // Redis's own clock stamped the entries; a server whose clock is wrong must not empty everybody's log.
        var age = options.MaxAge.Ticks / TimeSpan.TicksPerMicrosecond;
        await database.ScriptEvaluateAsync(RedisScripts.TrimByAge, [keys.Log, keys.Thinned, keys.Lost], [age], RedisClient.Primary)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}

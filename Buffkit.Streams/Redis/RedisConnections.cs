using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The application's connection for commands, and one of the engine's own for reads that block: on a shared connection those
/// would hold up every command behind them.
/// </summary>
/// <param name="commands">The application's.</param>
/// <param name="registered">Finds one that the application registered for the blocking reads of a partition.</param>
internal sealed class RedisConnections(IConnectionMultiplexer commands, Func<int, IConnectionMultiplexer?> registered) : IAsyncDisposable
{
    /// <summary>How long a read waits for new entries; nothing is lost between one and the next.</summary>
    public static readonly TimeSpan Block = TimeSpan.FromSeconds(1);

    // A read that blocks holds up the reads behind it too, so each partition has its own.
    private readonly Lazy<Task<IConnectionMultiplexer>>?[] _blocking = new Lazy<Task<IConnectionMultiplexer>>?[EventId.MaxPartitions];
    private readonly Lock _gate = new();

    public IDatabase Commands => commands.GetDatabase();

    public async ValueTask<IDatabase> GetBlockingAsync(int partition, CancellationToken cancellationToken)
    {
        // One that the application registered is the application's to dispose of.
        if (registered(partition) is { } given)
            return given.GetDatabase();
        Task<IConnectionMultiplexer> connecting;
        lock (_gate)
            connecting = (_blocking[partition] ??= new(() => ConnectAsync(commands))).Value;
        return (await connecting.WaitAsync(cancellationToken).ConfigureAwait(false)).GetDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _blocking)
        {
            if (connection is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await connection.Value.Result.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(IConnectionMultiplexer commands)
    {
        var options = ConfigurationOptions.Parse(commands.Configuration);
        options.AbortOnConnectFail = false;
        options.ClientName = $"{commands.ClientName}:blocking";
        options.AsyncTimeout = Math.Max(options.AsyncTimeout, (int)(Block + TimeSpan.FromSeconds(2)).TotalMilliseconds);
        return await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);
    }
}

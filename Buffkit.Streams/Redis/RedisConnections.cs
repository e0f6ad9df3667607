using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The application's connection for commands, and the engine's own for reads that block: on a shared connection those would hold
/// up every command behind them.
/// </summary>
/// <param name="commands">The application's.</param>
/// <param name="options">How it was made, where the application says; otherwise its connection string is read.</param>
internal sealed class RedisConnections(IConnectionMultiplexer commands, ConfigurationOptions? options) : IAsyncDisposable
{
    /// <summary>Where everything is asked: a replica that lags would tell of events that were lost, and are not.</summary>
    public const CommandFlags Primary = CommandFlags.DemandMaster;

    /// <summary>How long a read waits for new entries; nothing is lost between one and the next.</summary>
    public static readonly TimeSpan Block = TimeSpan.FromSeconds(1);

    // A read that blocks holds up the reads behind it too, so each partition has its own.
    private readonly Task<IConnectionMultiplexer>?[] _blocking = new Task<IConnectionMultiplexer>?[EventId.MaxPartitions];
    private readonly Lock _gate = new();

    public IDatabase Commands => commands.GetDatabase();

    public async ValueTask<IDatabase> GetBlockingAsync(int partition, CancellationToken cancellationToken)
    {
        Task<IConnectionMultiplexer> connecting;
        lock (_gate)
        {
            if (_blocking[partition] is null or { IsFaulted: true } or { IsCanceled: true })
                _blocking[partition] = ConnectAsync();
            connecting = _blocking[partition]!;
        }

        return (await connecting.WaitAsync(cancellationToken).ConfigureAwait(false)).GetDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _blocking)
        {
            if (connection is { IsCompletedSuccessfully: true })
                await connection.Result.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        var own = options?.Clone() ?? ConfigurationOptions.Parse(commands.Configuration);
        own.AbortOnConnectFail = false;
        own.ClientName = $"{commands.ClientName}:blocking";
        own.AsyncTimeout = Math.Max(own.AsyncTimeout, (int)(Block + TimeSpan.FromSeconds(2)).TotalMilliseconds);
        return await ConnectionMultiplexer.ConnectAsync(own).ConfigureAwait(false);
    }
}

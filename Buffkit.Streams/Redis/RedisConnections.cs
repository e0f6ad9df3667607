using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The application's connection for commands, and one of the engine's own for reads that block: on a shared connection those
/// would hold up every command behind them.
/// </summary>
internal sealed class RedisConnections(IConnectionMultiplexer commands, IConnectionMultiplexer? blocking) : IAsyncDisposable
{
    /// <summary>How long a read waits for new entries; nothing is lost between one and the next.</summary>
    public static readonly TimeSpan Block = TimeSpan.FromSeconds(1);

    private readonly Lazy<Task<IConnectionMultiplexer>> _blocking = new(async () => blocking ?? await ConnectAsync(commands).ConfigureAwait(false));

    public IDatabase Commands => commands.GetDatabase();

    public async ValueTask<IDatabase> GetBlockingAsync(CancellationToken cancellationToken) =>
        (await _blocking.Value.WaitAsync(cancellationToken).ConfigureAwait(false)).GetDatabase();

    public async ValueTask DisposeAsync()
    {
        // One that was handed in belongs to who made it.
        if (blocking is null && _blocking is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await _blocking.Value.Result.DisposeAsync().ConfigureAwait(false);
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

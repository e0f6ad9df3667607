using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// What everything here asks Redis through: the application's connection for commands, and the engine's own for the read that blocks,
/// which on a shared connection would hold up every command behind it. Always the primary, and never for longer than one says.
/// </summary>
internal sealed class RedisClient : IAsyncDisposable
{
    /// <summary>Where everything is asked: a replica that lags would tell of events that were lost, and are not.</summary>
    public const CommandFlags Primary = CommandFlags.DemandMaster;

    /// <summary>How long a read waits for new entries; nothing is lost between one and the next.</summary>
    public static readonly TimeSpan Block = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    private readonly IConnectionMultiplexer _commands;
    private readonly ConfigurationOptions? _options;

    // Guarded by _gate.
    private Task<IConnectionMultiplexer>? _blocking;

    /// <param name="commands">The application's.</param>
    /// <param name="options">How it was made, where the application says; otherwise its connection string is read.</param>
    /// <param name="time">The clock.</param>
    public RedisClient(IConnectionMultiplexer commands, ConfigurationOptions? options, TimeProvider time)
    {
        (_commands, _options) = (commands, options);
        Topology = new RedisTopology(Connected, time);
    }

    public IDatabase Commands => _commands.GetDatabase();

    public ISubscriber Subscriber => _commands.GetSubscriber();

    /// <summary>Which server is the primary, as all of these connections see it.</summary>
    public RedisTopology Topology { get; }

    /// <summary>Asks, and waits no longer than <paramref name="patience"/>; the command may be carried out all the same.</summary>
    /// <exception cref="RedisException">Redis refused, or is away.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public Task<T> AskAsync<T>(Func<IDatabase, Task<T>> ask, TimeSpan patience, CancellationToken cancellationToken) =>
        ask(Commands).WaitAsync(patience, cancellationToken);

    /// <summary>Whether a failure is Redis's, which comes back, and no defect of ours.</summary>
    public static bool IsAway(Exception e) => e is RedisException or TimeoutException;

    public async ValueTask<IDatabase> GetBlockingAsync(CancellationToken cancellationToken)
    {
        Task<IConnectionMultiplexer> connecting;
        lock (_gate)
        {
            if (_blocking is null or { IsFaulted: true } or { IsCanceled: true })
                _blocking = ConnectAsync();
            connecting = _blocking;
        }

        return (await connecting.WaitAsync(cancellationToken).ConfigureAwait(false)).GetDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        if (_blocking is { IsCompletedSuccessfully: true } connected)
            await connected.Result.DisposeAsync().ConfigureAwait(false);
    }

    private IReadOnlyList<IConnectionMultiplexer> Connected()
    {
        lock (_gate)
            return _blocking is { IsCompletedSuccessfully: true } connected ? [_commands, connected.Result] : [_commands];
    }

    private async Task<IConnectionMultiplexer> ConnectAsync()
    {
        var own = _options?.Clone() ?? ConfigurationOptions.Parse(_commands.Configuration);
        own.AbortOnConnectFail = false;
        // Its reader comes back by itself, and must not wait for a primary that another has replaced.
        own.BacklogPolicy = BacklogPolicy.FailFast;
        own.ConfigCheckSeconds = RedisTopology.CheckSeconds;
        own.ClientName = $"{_commands.ClientName}:blocking";
        own.AsyncTimeout = Math.Max(own.AsyncTimeout, (int)(Block + TimeSpan.FromSeconds(2)).TotalMilliseconds);
        return await ConnectionMultiplexer.ConnectAsync(own).ConfigureAwait(false);
    }
}

using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>A connection for looking at Redis, which may ask what an administrator asks; made when the first check needs it.</summary>
internal sealed class RedisDoctor(string connectionString, IConfiguration configuration, TimeProvider time) : IAsyncDisposable
{
    /// <summary>A server that is there has answered by then; three attempts of the library fit into a check's time.</summary>
    private const int ConnectMilliseconds = 2_500;

    private readonly Lock _gate = new();
    private Task<ConnectionMultiplexer>? _connecting;

    public TimeProvider Time => time;

    public RedisKeys Keys { get; } = new(configuration.GetSection(RedisOptions.Section).Get<RedisOptions>() ?? new RedisOptions());

    public ConfigurationOptions Options
    {
        get
        {
            var options = ConfigurationOptions.Parse(connectionString);
            options.AllowAdmin = true;
            // Whoever asks what is wrong is told, instead of waiting for it to come back.
            options.AbortOnConnectFail = true;
            options.ConnectRetry = 1;
            options.ConnectTimeout = ConnectMilliseconds;
            options.SyncTimeout = options.AsyncTimeout = ConnectMilliseconds;
            options.ClientName = "doctor";
            return options;
        }
    }

    /// <summary>The primary, among the servers of the connection string.</summary>
    /// <returns><see langword="null"/> where all that answer are replicas.</returns>
    /// <exception cref="RedisException">None answers, or it refuses the login.</exception>
    public async Task<IServer?> PrimaryAsync()
    {
        var connection = await ConnectAsync().ConfigureAwait(false);
        var primaries = Array.FindAll(connection.GetServers(), server => server is { IsConnected: true, IsReplica: false });
        // In a cluster all of a system lies on one of them.
        return primaries.Length > 1 && primaries[0].ServerType is ServerType.Cluster
            ? connection.GetServer(Keys.Log, flags: CommandFlags.DemandMaster)
            : primaries.FirstOrDefault();
    }

    /// <summary>Sections of what Redis says of itself, as names and values.</summary>
    public async Task<IReadOnlyDictionary<string, string>> InfoAsync(string section)
    {
        var info = new Dictionary<string, string>(StringComparer.Ordinal);
        var primary = await RequiredAsync().ConfigureAwait(false);
        var text = await primary.InfoRawAsync(section).ConfigureAwait(false) ?? "";
        foreach (var line in text.Split('\n'))
        {
            if (line.TrimEnd('\r').Split(':', 2) is [var name, var value])
                info[name] = value;
        }

        return info;
    }

    /// <summary>A setting; <see langword="null"/> where the server does not tell, as those that others run.</summary>
    public async Task<string?> SettingAsync(string name)
    {
        try
        {
            return (await (await RequiredAsync().ConfigureAwait(false)).ConfigGetAsync(name).ConfigureAwait(false))
                .Select(setting => setting.Value).FirstOrDefault();
        }
        // Refused by the server, or taken out of the library's commands in the connection string ($CONFIG=).
        catch (Exception e) when (e is RedisServerException or RedisCommandException)
        {
            return null;
        }
    }

    public async Task<RedisResult> ScriptAsync(string script, RedisValue[] arguments) =>
        await (await ConnectAsync().ConfigureAwait(false)).GetDatabase().ScriptEvaluateAsync(script, values: arguments, flags: RedisClient.Primary).ConfigureAwait(false);

    public async Task<DateTime> TimeAsync() => await (await RequiredAsync().ConfigureAwait(false)).TimeAsync().ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        if (_connecting is { IsCompletedSuccessfully: true } connected)
            await connected.Result.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<IServer> RequiredAsync() =>
        await PrimaryAsync().ConfigureAwait(false) ?? throw new RedisException("There is no primary.");

    private Task<ConnectionMultiplexer> ConnectAsync()
    {
        lock (_gate)
        {
            if (_connecting is null or { IsFaulted: true })
                _connecting = ConnectionMultiplexer.ConnectAsync(Options);
            return _connecting;
        }
    }
}

using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>The servers and systems of a run. A system that failed is replaced by a new one, so that one failure does not become many.</summary>
internal sealed class ChaosSetting(DirectoryInfo folder, int seed) : IAsyncDisposable
{
    private readonly Dictionary<string, ChaosSystem> _systems = [];
    private readonly Dictionary<string, ChaosDatabase> _servers = [];
    private ChaosRedis? _redis;
    private int _lives;

    /// <summary>Starts what the systems need, the servers side by side.</summary>
    public async Task StartAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var postgres = names.Contains("postgres") ? ChaosDatabase.StartPostgresAsync(cancellationToken) : null;
        var mySql = names.Contains("mysql") ? ChaosDatabase.StartMySqlAsync(cancellationToken) : null;
        if (postgres is not null || mySql is not null)
            _redis = await ChaosRedis.StartAsync(cancellationToken);
        if (postgres is not null)
            _servers["postgres"] = await postgres;
        if (mySql is not null)
            _servers["mysql"] = await mySql;
        foreach (var name in names)
            await SystemAsync(name, cancellationToken);
    }

    /// <summary>The system of a name.</summary>
    public async Task<ChaosSystem> SystemAsync(string name, CancellationToken cancellationToken)
    {
        if (_systems.TryGetValue(name, out var system))
            return system;
        var life = string.Create(CultureInfo.InvariantCulture, $"{name}_{_lives++}");
        var database = _servers.TryGetValue(name, out var server) ? await server.CreateAsync(life, cancellationToken) : null;
        return _systems[name] = await ChaosSystem.StartAsync(
            name, folder.CreateSubdirectory(life), database is null ? null : _redis, database, seed, cancellationToken);
    }

    /// <summary>Ends a system that is in an unknown state.</summary>
    public async Task AbandonAsync(string name)
    {
        if (_systems.Remove(name, out var system))
            await system.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var system in _systems.Values)
            await system.DisposeAsync();
        foreach (var server in _servers.Values)
            await server.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }
}

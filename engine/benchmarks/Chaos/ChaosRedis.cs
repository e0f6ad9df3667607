using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace Buffkit.Benchmarks;

/// <summary>A Redis primary and its replica in one container, whose roles, memory and life the run changes. Each write is on the disk before it is answered.</summary>
internal sealed class ChaosRedis : IAsyncDisposable
{
    private const string Image = "redis:8-alpine";
    private const int First = 6379;
    private const int Second = 6380;

    private readonly IContainer _container;
    private int _primary = First;

    private ChaosRedis(IContainer container) => _container = container;

    public string ConnectionString => $"{Address(First)},{Address(Second)}";

    private int Replica => _primary == First ? Second : First;

    public static async Task<ChaosRedis> StartAsync(CancellationToken cancellationToken)
    {
        var script = $"mkdir /tmp/{First} /tmp/{Second}; touch /tmp/{First}.role; echo --replicaof 127.0.0.1 {First} > /tmp/{Second}.role; "
            + $"({Serve(First)}) & {Serve(Second)}";
        var container = await ChaosContainer.StartAsync(
            build => build
                .WithPortBinding(First, assignRandomHostPort: true)
                .WithPortBinding(Second, assignRandomHostPort: true)
                .WithEntrypoint("sh", "-c", script)
                .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted("sh", "-c", LinkIsUp(Second))),
            Image,
            cancellationToken);
        return new ChaosRedis(container);
    }

    public Task KillPrimaryAsync(CancellationToken cancellationToken) => RunAsync(ChaosContainer.Kill($"{_primary}"), cancellationToken);

    /// <summary>A primary that was killed comes back with all that it had answered.</summary>
    public Task RevivePrimaryAsync(CancellationToken cancellationToken) =>
        RunAsync($"{ChaosContainer.Revive($"{_primary}")}; until redis-cli -p {_primary} ping 2>/dev/null | grep -q PONG; do sleep 0.02; done", cancellationToken);

    public Task HaltPrimaryAsync(CancellationToken cancellationToken) => RunAsync($"kill -STOP $(cat /tmp/{_primary}.pid)", cancellationToken);

    public Task ContinuePrimaryAsync(CancellationToken cancellationToken) => RunAsync($"kill -CONT $(cat /tmp/{_primary}.pid)", cancellationToken);

    /// <summary>The replica takes nothing for a while, so that it will lack what the primary answers meanwhile.</summary>
    public Task HaltReplicaAsync(CancellationToken cancellationToken) => RunAsync($"kill -STOP $(cat /tmp/{Replica}.pid)", cancellationToken);

    public Task ContinueReplicaAsync(CancellationToken cancellationToken) => RunAsync($"kill -CONT $(cat /tmp/{Replica}.pid)", cancellationToken);

    /// <summary>The replica becomes the primary; the killed one will come back as its replica.</summary>
    public async Task PromoteReplicaAsync(CancellationToken cancellationToken)
    {
        await RunAsync($"redis-cli -p {Replica} REPLICAOF NO ONE", cancellationToken);
        await ChangeRolesAsync(cancellationToken);
    }

    public Task ReviveReplicaAsync(CancellationToken cancellationToken) => RunAsync(ChaosContainer.Revive($"{Replica}"), cancellationToken);

    /// <summary>Primary and replica change their roles in agreement: nothing is lost.</summary>
    public async Task HandOverAsync(CancellationToken cancellationToken)
    {
        await RunAsync($"redis-cli -p {_primary} FAILOVER TO 127.0.0.1 {Replica} TIMEOUT 5000; until redis-cli -p {Replica} INFO replication | grep -q role:master; do sleep 0.02; done", cancellationToken);
        await ChangeRolesAsync(cancellationToken);
    }

    /// <summary>No write is taken any more.</summary>
    public Task FillAsync(CancellationToken cancellationToken) => RunAsync($"redis-cli -p {_primary} CONFIG SET maxmemory 1mb", cancellationToken);

    public Task MakeRoomAsync(CancellationToken cancellationToken) => RunAsync($"redis-cli -p {_primary} CONFIG SET maxmemory 0", cancellationToken);

    public Task CutClientsAsync(CancellationToken cancellationToken) => RunAsync($"redis-cli -p {_primary} CLIENT KILL TYPE normal SKIPME yes", cancellationToken);

    /// <summary>Waits until the replica follows.</summary>
    public Task SettleAsync(CancellationToken cancellationToken) => RunAsync($"until {LinkIsUp(Replica)}; do sleep 0.02; done", cancellationToken);

    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private static string Serve(int port) => ChaosContainer.Supervise(
        $"{port}",
        $"redis-server --bind 0.0.0.0 --protected-mode no --port {port} --dir /tmp/{port} --save '' --appendonly yes --appendfsync always "
            + $"--repl-diskless-sync-delay 0 --maxmemory-policy noeviction --loglevel warning $(cat /tmp/{port}.role)");

    private static string LinkIsUp(int port) => $"redis-cli -p {port} INFO replication 2>/dev/null | grep -q master_link_status:up";

    private Task ChangeRolesAsync(CancellationToken cancellationToken)
    {
        var old = _primary;
        _primary = Replica;
        return RunAsync($": > /tmp/{_primary}.role; echo --replicaof 127.0.0.1 {_primary} > /tmp/{old}.role", cancellationToken);
    }

    private Task RunAsync(string command, CancellationToken cancellationToken) => _container.RunAsync(command, cancellationToken);

    private string Address(int port) => $"{_container.Hostname}:{_container.GetMappedPublicPort(port)}";
}

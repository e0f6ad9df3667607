using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace Buffkit.Tests;

/// <summary>A Redis primary and its replica, of one test's own, whose roles the test changes. Both run in one container.</summary>
public sealed class ReplicatedRedis : IAsyncDisposable
{
    private const int First = 6379;
    private const int Second = 6380;

    private const string Serve = "redis-server --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --repl-diskless-sync-delay 0 --dir";

    // The shell stays when a server is killed.
    private static readonly string Start =
        $"mkdir /tmp/a /tmp/b; {Serve} /tmp/a --port {First} & echo $! > /tmp/{First}.pid; "
        + $"{Serve} /tmp/b --port {Second} --replicaof 127.0.0.1 {First} & echo $! > /tmp/{Second}.pid; while true; do sleep 1; done";

    private readonly IContainer _container;

    private ReplicatedRedis(IContainer container) => _container = container;

    public string ConnectionString => $"{Address(First)},{Address(Second)}";

    public static async Task<ReplicatedRedis> StartAsync() => new(await ContainerEngine.StartAsync(
        () => new ContainerBuilder("redis:8-alpine")
            .WithPortBinding(First, assignRandomHostPort: true)
            .WithPortBinding(Second, assignRandomHostPort: true)
            .WithEntrypoint("sh", "-c", Start)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted(
                "sh", "-c", $"redis-cli -p {Second} INFO replication | grep -q master_link_status:up"))
            .Build(),
        TestContext.Current.CancellationToken));

    /// <summary>The primary follows its replica and leaves it again: the replica's link is up, then it is a primary as before.</summary>
    public async Task TurnPrimaryIntoReplicaAndBackAsync()
    {
        await ExecuteAsync($"redis-cli -p {First} REPLICAOF 127.0.0.1 {Second}; sleep 1; redis-cli -p {First} REPLICAOF NO ONE");
        await ExecuteAsync($"until redis-cli -p {First} INFO replication | grep -q role:master; do sleep 0.05; done");
    }

    /// <summary>Kills the primary as its machine's end would; it does not come back.</summary>
    public Task KillPrimaryAsync() => ExecuteAsync($"kill -9 $(cat /tmp/{First}.pid)");

    /// <summary>The replica becomes the primary.</summary>
    public Task PromoteReplicaAsync() => ExecuteAsync($"redis-cli -p {Second} REPLICAOF NO ONE");

    /// <summary>The replica leaves its primary and keeps what it has; it says that it is a replica still.</summary>
    public Task StopReplicationAsync() => ExecuteAsync($"redis-cli -p {Second} REPLICAOF 127.0.0.1 1");

    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private string Address(int port) => $"{_container.Hostname}:{_container.GetMappedPublicPort(port)}";

    private async Task ExecuteAsync(string command)
    {
        var result = await _container.ExecAsync(["sh", "-c", command], TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"{command}: {result.Stderr}{result.Stdout}");
    }
}

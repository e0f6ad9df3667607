using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace Buffkit.Tests;

/// <summary>A Redis of one test's own that can be killed and comes back at the same address.</summary>
public sealed class RestartableRedis : IAsyncDisposable
{
    // The container's first process starts the server again whenever it ends, once /tmp/stay-down is gone.
    private const string Supervise =
        "while true; do while [ -e /tmp/stay-down ]; do sleep 0.05; done; " +
        "redis-server --bind 0.0.0.0 --protected-mode no --dir /tmp --save '' $PERSISTENCE & echo $! > /tmp/pid; wait $!; done";

    private readonly IContainer _container;

    private RestartableRedis(IContainer container) => _container = container;

    public string ConnectionString => $"{_container.Hostname}:{_container.GetMappedPublicPort(6379)},allowAdmin=true";

    /// <param name="keepsEverything">Every write is on the disk before it is answered; otherwise nothing survives the server's end.</param>
    public static async Task<RestartableRedis> StartAsync(bool keepsEverything)
    {
        var container = await ContainerEngine.StartAsync(
            () => new ContainerBuilder("redis:8-alpine")
                .WithPortBinding(6379, assignRandomHostPort: true)
                .WithEnvironment("PERSISTENCE", keepsEverything ? "--appendonly yes --appendfsync always" : "--appendonly no")
                .WithEntrypoint("sh", "-c", Supervise)
                .WithWaitStrategy(Wait.ForUnixContainer().UntilCommandIsCompleted("redis-cli", "ping"))
                .Build(),
            TestContext.Current.CancellationToken);
        return new RestartableRedis(container);
    }

    /// <summary>Kills the server as the machine's end would; it stays down.</summary>
    public Task KillAsync() => ExecuteAsync("touch /tmp/stay-down; kill -9 $(cat /tmp/pid); while redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.05; done");

    /// <summary>Lets a killed server come back, and waits until it answers.</summary>
    public Task ReviveAsync() => ExecuteAsync("rm -f /tmp/stay-down; until redis-cli ping 2>/dev/null | grep -q PONG; do sleep 0.05; done");

    /// <summary>Freezes the server: connections stay open and nothing is answered.</summary>
    public Task PauseAsync() => ExecuteAsync("kill -STOP $(cat /tmp/pid)");

    public Task UnpauseAsync() => ExecuteAsync("kill -CONT $(cat /tmp/pid)");

    /// <summary>Cuts every connection but this one.</summary>
    public Task KillClientsAsync() => ExecuteAsync("redis-cli CLIENT KILL TYPE normal SKIPME yes");

    public Task FlushAsync() => ExecuteAsync("redis-cli FLUSHALL");

    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private async Task ExecuteAsync(string command)
    {
        var result = await _container.ExecAsync(["sh", "-c", command], TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, $"{command}: {result.Stderr}{result.Stdout}");
    }
}

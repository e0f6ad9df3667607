using Testcontainers.Redis;

[assembly: AssemblyFixture(typeof(Buffkit.Tests.RedisServer))]

namespace Buffkit.Tests;

/// <summary>
/// One Redis for the whole test run, started by the first test that asks for it. Tests keep apart by key prefix; one that
/// stops or empties the server starts its own with <see cref="StartOwnAsync"/>.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly SharedContainer<RedisContainer> _container = new(Build);

    /// <summary>Starts a Redis that no other test uses; the test disposes of it.</summary>
    public static Task<RedisContainer> StartOwnAsync() => ContainerEngine.StartAsync(Build, TestContext.Current.CancellationToken);

    /// <summary>A key prefix that no other test uses.</summary>
    public static string NewKeyPrefix() => $"test:{Guid.NewGuid():N}";

    /// <returns>The connection string.</returns>
    public async Task<string> StartAsync() => (await _container.StartAsync()).GetConnectionString();

    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private static RedisContainer Build() => new RedisBuilder("redis:8-alpine").Build();
}

using DotNet.Testcontainers.Containers;

namespace Buffkit.Tests;

/// <summary>A container that starts when it is first needed, so that a run of other tests does not pay for it.</summary>
public sealed class SharedContainer<T>(Func<T> build) : IAsyncDisposable
    where T : IContainer
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private T? _container;

    /// <summary>Starts the container, or skips the calling test where there is no engine.</summary>
    public async Task<T> StartAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            // Not the test's token: the container outlives the test that happens to be first.
            return _container ??= await ContainerEngine.StartAsync(build, CancellationToken.None);
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _starting.Dispose();
        if (_container is not null)
        {
            await _container.DisposeAsync();
        }
    }
}

namespace Buffkit.Tests;

/// <summary>Waits for what another thread or process brings about.</summary>
public static class Eventually
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? patience = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, patience);

    public static Task TrueAsync(Func<bool> condition, Func<string> what) => TrueAsync(() => Task.FromResult(condition()), what, null);

    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null) => TrueAsync(condition, () => what, patience);

    private static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? patience)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(patience ?? TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(Look);
        while (!await condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(timeout.Token);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                Assert.Fail($"Waited in vain: {what()}.");
            }
        }
    }
}

/// <summary>Tests that measure memory or handles of this process; they run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredTests
{
    public const string Name = "Measured";
}

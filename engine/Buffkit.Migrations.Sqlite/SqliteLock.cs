namespace Buffkit.Migrations.Sqlite;

/// <summary>A locked file beside the database.</summary>
/// <param name="file">The database's file; <see langword="null"/> for one in memory, which has no other runner.</param>
/// <param name="time">The clock.</param>
internal sealed class SqliteLock(string? file, TimeProvider time) : DatabaseLock, IAsyncDisposable
{
    /// <summary>A status that looks at the lock holds it, shared, for an instant.</summary>
    private const int LockAttempts = 5;

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(2);

    private const string LockSuffix = "-migrating";

    private FileStream? _held;

    /// <remarks>
    /// The operating system releases the file's lock when its process dies. The file itself stays: whoever deleted it
    /// could take the lock away from under a runner that has just opened it.
    /// </remarks>
    public override async Task<bool> TryTakeAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; file is not null && _held is null; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                _held = new FileStream(file + LockSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < LockAttempts)
            {
                await Task.Delay(LockPause, time, cancellation);
            }
            catch (IOException)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Gives it back.</summary>
    public ValueTask DisposeAsync() => _held?.DisposeAsync() ?? ValueTask.CompletedTask;

    public override Task<string?> DescribeHolderAsync(CancellationToken cancellation)
    {
        if (file is null || _held is not null || !File.Exists(file + LockSuffix))
        {
            return Task.FromResult<string?>(null);
        }

        try
        {
            // Shared: two who look must not take each other for a runner.
            new FileStream(file + LockSuffix, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return Task.FromResult<string?>(null);
        }
        catch (IOException)
        {
            return Task.FromResult<string?>("another process of this machine");
        }
    }
}

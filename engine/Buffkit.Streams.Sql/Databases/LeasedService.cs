using Microsoft.Extensions.Hosting;

namespace Buffkit.Streams.Sql;

/// <summary>Work that one server does at a time: waits for its turn, works until the lease is lost, and begins again whatever failed.</summary>
/// <param name="database">Where the lease is.</param>
/// <param name="lease">Its name.</param>
/// <param name="duration">How long it lasts without being renewed.</param>
/// <param name="time">The clock of waits.</param>
internal abstract class LeasedService(EventDatabase database, string lease, TimeSpan duration, TimeProvider time) : BackgroundService
{
    private Backoff _backoff = DatabaseBackoff.Begin();

    /// <summary>Where the lease is, and what it is for.</summary>
    protected EventDatabase Database { get; } = database;

    /// <summary>The clock of waits.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>To be held by whatever is written.</summary>
    protected DatabaseLease Lease { get; } = new(database, lease, duration);

    public override void Dispose()
    {
        Lease.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
                await TakeTurnAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // Drivers do not all say in the same way that they were told to end.
        }
        finally
        {
            using var patience = new CancellationTokenSource(duration, Time);
            await Lease.ReleaseAsync(patience.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the work can be done here now; where it cannot, others have the turn.</summary>
    protected virtual bool CanWork => true;

    /// <summary>Works, and returns when the lease is lost.</summary>
    protected abstract Task WorkAsync(CancellationToken stop);

    /// <summary>Notes whether this server has the turn.</summary>
    protected abstract void Turn(bool isOurs);

    /// <summary>Notes that the database answered.</summary>
    protected abstract void Answered();

    /// <summary>Notes that the work failed; it is begun again.</summary>
    protected abstract void Failed(Exception e);

    /// <summary>The work goes well: what fails next is tried again soon.</summary>
    protected void Succeeded()
    {
        Answered();
        _backoff.Reset();
    }

    /// <summary>The next wait before something that failed is tried again.</summary>
    protected TimeSpan NextPause() => _backoff.Next();

    private async Task TakeTurnAsync(CancellationToken stop)
    {
        try
        {
            if (!CanWork || !await Lease.TryAcquireAsync(stop).ConfigureAwait(false))
            {
                Answered();
                await Task.Delay(Lease.RetryAfter, Time, stop).ConfigureAwait(false);
                return;
            }

            Turn(isOurs: true);
            await WorkAsync(stop).ConfigureAwait(false);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // Of any kind: on this server nobody else does the work.
            Failed(e);
            await Task.Delay(NextPause(), Time, stop).ConfigureAwait(false);
        }
        finally
        {
            Turn(isOurs: false);
        }
    }
}

using System.Data.Common;
using Microsoft.Extensions.Hosting;

namespace Buffkit.Streams.Sql;

/// <summary>
/// Deletes events that are older, or more, than are kept, a small step at a time: no transaction is long, and between two of them
/// others have their turn.
/// </summary>
internal sealed class HistoryRetention(EventDatabase database, HistoryOptions options, HistoryHealth health, TimeProvider time) : BackgroundService
{
    /// <summary>Events that one step deletes at the most.</summary>
    public const int StepEvents = 1_000;

    // What is kept a little longer than asked for harms nobody.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly DatabaseLease _lease = new(database, "retention", options.Lease);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
            return;
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await TryPruneAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; the rest is deleted by another, or the next time.
        }
    }

    public override void Dispose()
    {
        _lease.Dispose();
        base.Dispose();
    }

    /// <summary>Deletes all that is no longer kept.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        if (!await _lease.TryAcquireAsync(cancellationToken).ConfigureAwait(false))
            return;
        try
        {
            var began = time.GetTimestamp();
            while (await StepAsync(cancellationToken).ConfigureAwait(false))
            {
                // As long as it took: whoever else writes has at least half of the database.
                await Task.Delay(time.GetElapsedTime(began), time, cancellationToken).ConfigureAwait(false);
                began = time.GetTimestamp();
            }
        }
        finally
        {
            // Also when the server stops: the next one need not wait.
            using var patience = new CancellationTokenSource(options.Lease, time);
            await _lease.ReleaseAsync(patience.Token).ConfigureAwait(false);
        }
    }

    private async Task TryPruneAsync(CancellationToken stop)
    {
        try
        {
            await PruneAsync(stop).ConfigureAwait(false);
            health.PruneSucceeded();
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // It is tried again at the next interval.
            health.PruneFailed(e);
        }
    }

    private Task<bool> StepAsync(CancellationToken stop) =>
        database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await _lease.HoldAsync(connection, transaction, stop).ConfigureAwait(false))
                    return false;
                var requests = await connection.Command(
                    transaction,
                    "DELETE FROM event_requests WHERE request_key IN (SELECT request_key FROM "
                    + "(SELECT request_key FROM event_requests WHERE expires_at < @now ORDER BY expires_at LIMIT @step) expired)",
                    ("now", SqlTime.Write(time.GetUtcNow())),
                    ("step", StepEvents)).ExecuteAsync(stop).ConfigureAwait(false);
                return await PruneEventsAsync(connection, transaction, stop).ConfigureAwait(false) || requests > 0;
            },
            stop);

    private async Task<bool> PruneEventsAsync(DbConnection connection, DbTransaction transaction, CancellationToken stop)
    {
        var runs = await connection.Command(transaction, "SELECT id, epoch, first_sequence FROM event_runs ORDER BY id LIMIT 2")
            .ReadAsync(row => (Id: row.GetInt64(0), Epoch: row.GetString(1), First: row.GetInt64(2)), stop).ConfigureAwait(false);
        if (runs.Count == 0)
            return false;

        var (oldest, isNewest) = (runs[0], runs.Count == 1);
        // Of the newest run the newest event stays, since it holds the place from which ids go on.
        var end = isNewest
            ? await connection.Command(transaction, "SELECT MAX(sequence) FROM event_history WHERE epoch = @epoch", ("epoch", oldest.Epoch))
                .ReadNumberAsync(stop).ConfigureAwait(false) ?? 0
            : await connection.Command(
                transaction,
                "SELECT MIN(first_sequence) FROM event_runs WHERE epoch = @epoch AND first_sequence > @first",
                ("epoch", oldest.Epoch),
                ("first", oldest.First)).ReadNumberAsync(stop).ConfigureAwait(false) ?? long.MaxValue;
        var page = await connection.Command(
            transaction,
            "SELECT sequence, time FROM event_history WHERE epoch = @epoch AND sequence < @end ORDER BY sequence LIMIT @step",
            ("epoch", oldest.Epoch),
            ("end", end),
            ("step", StepEvents)).ReadAsync(row => (Sequence: row.GetInt64(0), Time: row.GetInt64(1)), stop).ConfigureAwait(false);
        var cutOff = options.MaxAge > TimeSpan.Zero ? SqlTime.Write(time.GetUtcNow() - options.MaxAge) : long.MinValue;
        var kept = options.MaxEvents > 0 && isNewest ? end - options.MaxEvents : long.MinValue;
        var gone = page.TakeWhile(e => e.Time < cutOff || e.Sequence <= kept).ToList();
        if (gone.Count > 0)
        {
            await connection.Command(
                transaction,
                "DELETE FROM event_history WHERE epoch = @epoch AND sequence <= @last",
                ("epoch", oldest.Epoch),
                ("last", gone[^1].Sequence)).ExecuteAsync(stop).ConfigureAwait(false);
        }

        if (isNewest || gone.Count < page.Count || page.Count == StepEvents)
            return gone.Count > 0;
        await connection.Command(transaction, "DELETE FROM event_runs WHERE id = @id", ("id", oldest.Id)).ExecuteAsync(stop).ConfigureAwait(false);
        return true;
    }
}

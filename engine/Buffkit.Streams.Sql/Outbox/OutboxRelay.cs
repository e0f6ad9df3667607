using Microsoft.Extensions.Logging;

namespace Buffkit.Streams.Sql;

/// <summary>Publishes what transactions have added: one server at a time, in batches that the log takes once.</summary>
/// <remarks>
/// A batch gets its number and its rows in one transaction, is published under that number, and is removed. Whoever dies in between
/// leaves it to its successor, who publishes the same batch under the same number; the log says whether it has it already
/// (<see cref="ProducerSequence"/>). That needs no lifetime of a key, and a relay that wakes after its lease is over is refused.
/// </remarks>
internal sealed partial class OutboxRelay(
    EventPublisher publisher, IEventLog log, EventDatabase database, OutboxSignal signal, OutboxOptions options, OutboxHealth health, TimeProvider time, ILogger<OutboxRelay> logger)
    : LeasedService(database, "outbox", options.Lease, time)
{
    // After an event was added here, its transaction may last a little longer: looked for this soon, then at longer intervals.
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(1);

    private bool _isKnown;

    // A log that this server does not reach, or that another server has, may be reached by whoever takes the turn next.
    protected override bool CanWork => log.IsAvailable;

    protected override async Task WorkAsync(CancellationToken stop)
    {
        if (!_isKnown)
            Log.Begins(logger);
        _isKnown = true;
        using var turn = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var listening = ListenAsync(turn.Token);
        try
        {
            // From here on transactions of this server need not wake others.
            signal.IsRelayHere = true;
            await RelayAsync(stop).ConfigureAwait(false);
            _isKnown = false;
            Log.Ends(logger);
        }
        finally
        {
            signal.IsRelayHere = false;
            await turn.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override void Turn(bool isOurs) => health.IsRelay = isOurs;

    protected override void Answered() => health.Answered();

    protected override void Failed(Exception e) => health.Failed(e);

    // Until the lease is lost.
    private async Task RelayAsync(CancellationToken stop)
    {
        var table = new OutboxTable(Database, Lease, (draft, isSettled) => publisher.Own(draft with { IsOwned = false }, anySize: isSettled), options.BatchEvents);
        if (await table.FindProducerAsync(stop).ConfigureAwait(false) is not { } producer)
            return;
        if (await table.FindUnfinishedAsync(stop).ConfigureAwait(false) is { } unfinished
            && !await PublishAsync(table, unfinished, producer, stop).ConfigureAwait(false))
        {
            return;
        }

        var pause = options.PollInterval;
        var renewed = Time.GetTimestamp();
        var looked = renewed;
        while (true)
        {
            var added = signal.Count;
            var (held, any) = (true, false);
            if (await table.IsAnyWaitingAsync(stop).ConfigureAwait(false))
            {
                (held, any) = await PublishNextAsync(table, producer, stop).ConfigureAwait(false);
                renewed = Time.GetTimestamp();
            }
            else if (Time.GetElapsedTime(renewed) >= Lease.RenewAfter)
            {
                held = await Lease.RenewAsync(stop).ConfigureAwait(false);
                renewed = Time.GetTimestamp();
            }

            if (!held)
                return;
            if (Time.GetElapsedTime(looked) >= Lease.RenewAfter)
            {
                await health.LookAsync(stop).ConfigureAwait(false);
                looked = Time.GetTimestamp();
            }

            Succeeded();
            if (any)
            {
                pause = FirstLook;
                continue;
            }

            // One that was added here is looked for soon, again and again, until the ordinary interval comes first.
            var longest = options.PollInterval < Lease.RenewAfter ? options.PollInterval : Lease.RenewAfter;
            await signal.WaitAsync(added, pause < longest ? pause : longest, Time, stop).ConfigureAwait(false);
            pause = signal.Count != added ? FirstLook : pause < longest ? pause * 2 : longest;
        }
    }

    private async Task<(bool Held, bool Any)> PublishNextAsync(OutboxTable table, string producer, CancellationToken stop)
    {
        var (held, batch, setAside) = await table.SettleAsync(stop).ConfigureAwait(false);
        if (setAside > 0)
            Log.SetAside(logger, setAside);
        if (!held || batch is null)
            return (held, setAside > 0);
        return (await PublishAsync(table, batch, producer, stop).ConfigureAwait(false), true);
    }

    private async Task<bool> PublishAsync(OutboxTable table, OutboxBatch batch, string producer, CancellationToken stop)
    {
        // Only if somebody changed the table by hand: what follows of the same key has to wait, so the rest is settled anew.
        if (batch.Rows.FirstOrDefault(row => row.Problem is not null) is { } bad)
            return await table.SetAsideAsync(batch, bad, stop).ConfigureAwait(false);

        var drafts = batch.Rows.Select(row => row.Draft!).ToArray();
        var began = Time.GetTimestamp();
        while (true)
        {
            var result = await publisher.TryPublishAsync(drafts, new ProducerSequence(producer, batch.Number), stop).ConfigureAwait(false);
            switch (result.Status)
            {
                case AppendStatus.Appended or AppendStatus.AlreadyAppended:
                    health.Published += drafts.Length;
                    return await table.FinishAsync(batch, stop).ConfigureAwait(false);
                case AppendStatus.Overtaken:
                    // By a successor, whose lease it is now; or the database was set back to an earlier state.
                    if (!await table.RenumberAsync(batch, result.ProducerNumber!.Value, stop).ConfigureAwait(false))
                        return false;
                    Log.Renumbered(logger, batch.Number, result.ProducerNumber.Value);
                    return true;
                default:
                    // What waits grows meanwhile, and whoever watches it should see that.
                    health.Refused();
                    await health.LookAsync(stop).ConfigureAwait(false);
                    if (Time.GetElapsedTime(began) > options.Lease)
                    {
                        await Lease.ReleaseAsync(stop).ConfigureAwait(false);
                        return false;
                    }

                    if (!await Lease.RenewAsync(stop).ConfigureAwait(false))
                        return false;
                    var pause = NextPause();
                    await Task.Delay(pause < Lease.RenewAfter ? pause : Lease.RenewAfter, Time, stop).ConfigureAwait(false);
                    break;
            }
        }
    }

    // Where the database can wake this server, that is sooner than the next look; where it cannot, or a pooler is between, the look comes all the same.
    private async Task ListenAsync(CancellationToken stop)
    {
        var backoff = DatabaseBackoff.Begin();
        while (true)
        {
            try
            {
                var connection = await Database.OpenAsync(stop).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    if (await Database.ListenAsync(connection, stop).ConfigureAwait(false) is not { } wait)
                        return;
                    while (true)
                    {
                        await wait(stop).ConfigureAwait(false);
                        backoff.Reset();
                        signal.Wake();
                    }
                }
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                // The relay looks by itself meanwhile, and says what is wrong.
                await Task.Delay(backoff.Next(), Time, stop).ConfigureAwait(false);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "This server publishes the events of the outbox.")]
        public static partial void Begins(ILogger logger);

        [LoggerMessage(2, LogLevel.Information, "This server no longer publishes the events of the outbox: another has its turn, or the log is out of reach.")]
        public static partial void Ends(ILogger logger);

        [LoggerMessage(3, LogLevel.Error, "{Count} events of the outbox cannot be published and were set aside, with the reason beside each. Others go on.")]
        public static partial void SetAside(ILogger logger, int count);

        [LoggerMessage(4, LogLevel.Warning,
            "The log has a newer batch ({Newest}) of this outbox than the database knows of ({Number}): was the database set back to a backup? What it still holds is published again.")]
        public static partial void Renumbered(ILogger logger, long number, long newest);
    }
}

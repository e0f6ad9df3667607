using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>Reads what the history holds, by key and in pages; a few at a time, however many clients ask.</summary>
internal sealed class SqlEventHistory(EventDatabase database, HistoryOptions options, HistoryHealth health) : IEventHistory, IDisposable
{
    private const string Page =
        "SELECT " + EventRows.EventColumns + " FROM event_history WHERE epoch = @epoch AND sequence > @after ORDER BY sequence LIMIT @count";

    private readonly SemaphoreSlim _readers = new(options.Readers);

    public async ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        await AskAsync<LogRead?>(
            async connection =>
            {
                var events = await ReadPageAsync(connection, after, maxEvents, maxBytes, cancellationToken).ConfigureAwait(false);
                return events.Count > 0
                    ? new LogRead(LogReadStatus.Found, events, new LogState(after.Next, events[^1].Id))
                    : new LogRead(LogReadStatus.Evicted, [], new LogState(after.Next, after));
            },
            cancellationToken).ConfigureAwait(false) ?? new LogRead(LogReadStatus.Unavailable, [], default);

    public async ValueTask<EventId?> FindOldestAsync(EventId before, CancellationToken cancellationToken) =>
        (await AskAsync<Found>(
            async connection => new Found(await FindOldestAsync(connection, before, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false) ?? throw new HistoryUnavailableException()).Id;

    public async ValueTask<EventId?> FindSinceAsync(DateTimeOffset since, EventId before, CancellationToken cancellationToken) =>
        (await AskAsync<Found>(
            async connection =>
            {
                if (await FindOldestAsync(connection, before, cancellationToken).ConfigureAwait(false) is not { } oldest)
                    return new Found(null);
                var wanted = SqlTime.Write(since);
                var first = await Bisection.FindFirstAsync(oldest.Sequence, before.Sequence, async sequence =>
                    await connection.Command(
                        null,
                        "SELECT time FROM event_history WHERE epoch = @epoch AND sequence = @sequence",
                        ("epoch", before.Epoch.ToString()),
                        ("sequence", sequence)).ReadNumberAsync(cancellationToken).ConfigureAwait(false) is not { } time
                    || time < wanted).ConfigureAwait(false);
                return new Found(before with { Sequence = first!.Value });
            },
            cancellationToken).ConfigureAwait(false) ?? throw new HistoryUnavailableException()).Id;

    /// <summary>Reads what follows a cursor within its epoch, up to the first hole.</summary>
    public static async Task<List<StreamEvent>> ReadPageAsync(
        DbConnection connection, EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        var command = connection.Command(null, Page, ("epoch", after.Epoch.ToString()), ("after", after.Sequence), ("count", maxEvents));
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var events = new List<StreamEvent>();
                for (var bytes = 0L; bytes < maxBytes && await reader.ReadAsync(cancellationToken).ConfigureAwait(false); bytes += events[^1].Size)
                {
                    if (TryReadEvent(reader, after.Epoch) is not { } e || e.Id.Sequence != after.Sequence + 1 + events.Count)
                        break;
                    events.Add(e);
                }

                return events;
            }
        }
    }

    public void Dispose() => _readers.Dispose();

    // A row that somebody changed by hand so that it is no event any more is a hole like one that was deleted.
    private static StreamEvent? TryReadEvent(DbDataReader reader, Epoch epoch)
    {
        try
        {
            return EventRows.ReadEvent(reader, epoch);
        }
        catch (Exception e) when (EventRows.IsNoEvent(e))
        {
            return null;
        }
    }

    private static async Task<EventId?> FindOldestAsync(DbConnection connection, EventId before, CancellationToken cancellationToken)
    {
        // The event before is to be held, so that nothing lies between; it may be the last of an earlier run.
        if (await EventRun.FindOfAsync(connection, before.Previous, cancellationToken).ConfigureAwait(false) is not { } run)
            return null;
        var oldest = await connection.Command(
            null,
            "SELECT MIN(sequence) FROM event_history WHERE epoch = @epoch AND sequence >= @first AND sequence < @before "
            + "AND EXISTS (SELECT 1 FROM event_history last WHERE last.epoch = @epoch AND last.sequence = @before - 1)",
            ("epoch", before.Epoch.ToString()),
            ("first", run.First.Sequence),
            ("before", before.Sequence)).ReadNumberAsync(cancellationToken).ConfigureAwait(false);
        return oldest is { } found ? before with { Sequence = found } : null;
    }

    // Nothing where the database is away.
    private async Task<T?> AskAsync<T>(Func<DbConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var answer = await database.QueryAsync(ask, cancellationToken).ConfigureAwait(false);
            health.ReadSucceeded();
            return answer;
        }
        catch (Exception e) when (EventDatabase.IsAway(e) && !cancellationToken.IsCancellationRequested)
        {
            health.ReadFailed(e);
            return default;
        }
        finally
        {
            _readers.Release();
        }
    }

    private sealed record Found(EventId? Id);
}

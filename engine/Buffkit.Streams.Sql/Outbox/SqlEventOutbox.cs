using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Streams.Sql;

/// <summary>Writes events beside the application's rows, in one statement.</summary>
internal sealed class SqlEventOutbox(EventDatabase database, EventPublisher publisher, OutboxSignal signal) : IEventOutbox
{
    public Task AddAsync(DbTransaction transaction, EventDraft draft, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        return AddRangeAsync(transaction, [draft], cancellationToken);
    }

    public async Task AddRangeAsync(DbTransaction transaction, IReadOnlyList<EventDraft> drafts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(drafts);
        if (drafts.Count == 0)
            return;
        var connection = Connection(transaction);
        using var span = PublishSpan.Start("add to outbox", drafts);
        try
        {
            await InsertAsync(connection, transaction, drafts, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            PublishSpan.End(span, e);
            throw;
        }

        signal.Wake();
    }

    private async Task InsertAsync(
        DbConnection connection, DbTransaction transaction, IReadOnlyList<EventDraft> drafts, CancellationToken cancellationToken)
    {
        // Now, while its publisher can be told; later it could only be set aside.
        var rows = drafts.Select(draft => new Row(PublishSpan.Mark(publisher.Own(draft)), OrderKey.Of(draft))).ToList();
        // In their order, so that two transactions that add several do not wait for each other.
        var locks = string.Concat(
            rows.Select(row => row.Order?.Slot).OfType<int>().Distinct().Order().Select(database.LockOrderSlot));
        await database.InsertRowsAsync(
            connection,
            transaction,
            new RowInsert<Row>(
                $"INSERT INTO event_outbox (added_at, {EventRows.DraftColumns}, order_key) VALUES (",
                row => [.. EventRows.Values(row.Draft), row.Order?.Text],
                row => row.Draft.Data.Length)
            {
                Before = locks,
                First = $"{database.Now}, ",
                End = signal.IsRelayHere ? "" : database.Notify,
            },
            rows,
            cancellationToken).ConfigureAwait(false);
    }

    // The drivers differ in how they tell a transaction that has ended.
    private static DbConnection Connection(DbTransaction transaction)
    {
        const string Ended = "The transaction has ended: add the event before it is committed.";
        try
        {
            var connection = transaction.Connection ?? throw new ArgumentException(Ended, nameof(transaction));
            using var probe = connection.CreateCommand();
            probe.Transaction = transaction;
            return connection;
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException(Ended, nameof(transaction), e);
        }
    }

    private sealed record Row(EventDraft Draft, OrderKey? Order);

    /// <summary>What events follow each other by.</summary>
    /// <param name="Text">In the table.</param>
    /// <param name="Slot">The lock.</param>
    private sealed record OrderKey(string Text, int Slot)
    {
        public static OrderKey? Of(EventDraft draft)
        {
            if (draft.Key is null)
                return null;
            // Neither has a line break.
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{draft.Topic.Value}\n{draft.Key}"));
            return new OrderKey(Convert.ToHexStringLower(hash), (int)(BinaryPrimitives.ReadUInt32LittleEndian(hash) % EventDatabase.OrderSlots));
        }
    }
}

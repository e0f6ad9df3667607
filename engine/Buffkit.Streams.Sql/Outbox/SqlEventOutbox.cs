using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Streams.Sql;

/// <summary>Writes events beside the application's rows, in one statement.</summary>
internal sealed class SqlEventOutbox(EventDatabase database, EventPublisher publisher, OutboxSignal signal) : IEventOutbox
{
    public async Task AddAsync(DbTransaction transaction, EventDraft draft, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(draft);
        var connection = Connection(transaction);
        // Now, while its publisher can be told; later it could only be set aside.
        var owned = publisher.Own(draft);
        var (lockKey, order) = Order(owned);
        var command = connection.Command(
            transaction,
            $"""
            {lockKey}
            INSERT INTO event_outbox (added_at, {EventRows.DraftColumns}, order_key)
            VALUES ({database.Now}, @topic, @type, @key, @contenttype, @cloudevent, @data, @order){(signal.IsRelayHere ? "" : database.Notify)}
            """,
            ("topic", owned.Topic.Value),
            ("type", owned.Type),
            ("key", owned.Key),
            ("contenttype", owned.ContentType),
            ("cloudevent", EventRows.CloudEvent(owned)),
            ("data", EventRows.Data(owned)),
            ("order", order?.Text));
        if (lockKey.Length > 0)
            command.Add("slot", (int)(order!.Value.Number % database.Slots));
        await command.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        signal.Wake();
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

    private (string Lock, (string Text, long Number)? Order) Order(EventDraft draft)
    {
        if (draft.Key is null)
            return ("", null);
        // Neither has a line break.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{draft.Topic.Value}\n{draft.Key}"));
        return (database.LockOrderKey, (Convert.ToHexStringLower(hash), BinaryPrimitives.ReadInt64LittleEndian(hash) & long.MaxValue));
    }
}

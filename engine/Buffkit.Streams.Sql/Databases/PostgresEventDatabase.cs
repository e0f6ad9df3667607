using System.Data.Common;
using System.Globalization;

namespace Buffkit.Streams.Sql;

/// <summary>PostgreSQL, by Npgsql. The driver is the application's: nothing here refers to it.</summary>
internal sealed class PostgresEventDatabase(DbDataSource source) : EventDatabase(source)
{
    private const string Channel = "event_outbox";

    // Of the application's own advisory locks nobody expects this class.
    private const int OrderKeyClass = 0x6576_6f62;

    // Nothing of ours idles within a transaction: a process that was stopped in the midst of one must not hold its locks for ever.
    private const string Guard = "SET LOCAL idle_in_transaction_session_timeout = '10s'";

    public override string Now => "(extract(epoch from clock_timestamp()) * 1000000)::bigint";

    public override string LockOrderSlot(int slot) => string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({OrderKeyClass}, {slot}); ");

    public override string Notify => $"; SELECT pg_notify('{Channel}', '')";

    protected override async Task<DbTransaction> BeginAsync(DbConnection connection, HistoryDurability? durability, CancellationToken cancellationToken)
    {
        var transaction = await base.BeginAsync(connection, durability, cancellationToken).ConfigureAwait(false);
        var guard = durability is null or HistoryDurability.Disk ? Guard : Guard + "; SET LOCAL synchronous_commit = off";
        await connection.Command(transaction, guard).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        return transaction;
    }

    // One statement, however many events: a column of them is one parameter.
    public override async Task InsertAsync(
        DbConnection connection, DbTransaction transaction, IReadOnlyList<StreamEvent> events, bool mayBeThere, CancellationToken cancellationToken)
    {
        const string Insert =
            "INSERT INTO event_history (epoch, " + EventRows.EventColumns + ") SELECT @epoch, e.* FROM "
            + "unnest(@sequences::bigint[], @times::bigint[], @topics::text[], @types::text[], @keys::text[], @contenttypes::text[], @cloudevents::text[], @traces::text[], @data::bytea[]) AS e";
        await connection.Command(
            transaction,
            mayBeThere ? Insert + PassRepeated : Insert,
            ("epoch", events[0].Id.Epoch.ToString()),
            ("sequences", Column(e => e.Id.Sequence)),
            ("times", Column(e => SqlTime.Write(e.Time))),
            ("topics", Column(e => e.Topic.Value)),
            ("types", Column(e => e.Type)),
            ("keys", Column(e => e.Key)),
            ("contenttypes", Column(e => e.ContentType)),
            ("cloudevents", Column(e => EventRows.CloudEvent(e.Draft))),
            ("traces", Column(e => e.Draft.TraceParent)),
            ("data", Column(e => EventRows.Data(e.Draft)))).ExecuteAsync(cancellationToken).ConfigureAwait(false);

        T[] Column<T>(Func<StreamEvent, T> value)
        {
            var column = new T[events.Count];
            for (var i = 0; i < column.Length; i++)
                column[i] = value(events[i]);
            return column;
        }
    }

    public override async Task<Func<CancellationToken, Task>?> ListenAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        // ADO.NET has no way to wait for a notification; the driver's connection has one. An older or other driver: the relay polls.
        if (connection.GetType().GetMethod("WaitAsync", [typeof(CancellationToken)]) is not { } wait || wait.ReturnType != typeof(Task))
            return null;
        await connection.Command(null, $"LISTEN {Channel}").ExecuteAsync(cancellationToken).ConfigureAwait(false);
        return wait.CreateDelegate<Func<CancellationToken, Task>>(connection);
    }
}

using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>
/// Publishes events by way of the application's own transactions: what is committed is published, even if the process dies right after;
/// what is rolled back is not.
/// </summary>
/// <remarks>
/// With Entity Framework Core the transaction is <c>context.Database.CurrentTransaction!.GetDbTransaction()</c>.
/// Events of one topic with one key are published in the order of their commits; for others there is no order.
/// </remarks>
public interface IEventOutbox
{
    /// <summary>Adds an event to a transaction.</summary>
    /// <param name="transaction">A transaction of the database that the outbox is in; nobody else uses its connection meanwhile.</param>
    /// <param name="topic">Where: segments with <c>/</c> between them, such as <c>orders/42</c>.</param>
    /// <param name="type">What happened, such as <c>order.created</c>.</param>
    /// <param name="data">The payload, sent as JSON by the web defaults.</param>
    /// <param name="key">What the event is about within its topic. Transactions that add events with the same one wait for each other, now and then those with others too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FormatException">Topic, type or key is none.</exception>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="LimitsOptions.EventBytes"/>.</exception>
    /// <exception cref="DbException">The database refused; the transaction is as the database leaves it.</exception>
    Task AddAsync<T>(DbTransaction transaction, string topic, string type, T data, string? key = null, CancellationToken cancellationToken = default) =>
        AddAsync(transaction, EventDraft.Json(Topic.Parse(topic), type, data, key), cancellationToken);

    /// <summary>Adds an event to a transaction.</summary>
    /// <param name="transaction">A transaction of the database that the outbox is in; nobody else uses its connection meanwhile.</param>
    /// <param name="draft">The event.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="LimitsOptions.EventBytes"/>, or is not JSON though it has no content type.</exception>
    /// <exception cref="DbException">The database refused; the transaction is as the database leaves it.</exception>
    Task AddAsync(DbTransaction transaction, EventDraft draft, CancellationToken cancellationToken = default);

    /// <summary>
    /// Adds events to a transaction, at once: transactions that add events of several keys so cannot wait for each other for ever, as
    /// two that add them one by one in another order may (the database then ends one of them with an error).
    /// </summary>
    /// <param name="transaction">A transaction of the database that the outbox is in; nobody else uses its connection meanwhile.</param>
    /// <param name="drafts">The events.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">A payload is larger than <see cref="LimitsOptions.EventBytes"/>, or is not JSON though it has no content type.</exception>
    /// <exception cref="DbException">The database refused; the transaction is as the database leaves it.</exception>
    Task AddRangeAsync(DbTransaction transaction, IReadOnlyList<EventDraft> drafts, CancellationToken cancellationToken = default);
}

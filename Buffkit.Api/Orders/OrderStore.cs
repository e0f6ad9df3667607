using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buffkit.ServiceDefaults;
using Buffkit.Streams.Sql;
using Dapper;

namespace Buffkit.Api;

/// <summary>The table of orders, on whichever engine the application's database is.</summary>
internal sealed class OrderStore(AppDatabase database, IEventOutbox outbox, TimeProvider time)
{
    private const string Columns = "id AS Id, customer AS Customer, item AS Item, quantity AS Quantity, created_at AS CreatedAt";

    static OrderStore() => SqlMapper.AddTypeHandler(new UtcTimeHandler());

    /// <summary>Adds the row and its event in one transaction: whoever watches learns of every order that there is, and of no other.</summary>
    /// <param name="order">The order.</param>
    /// <param name="request">Names the request: sent again, it finds the order that it placed. <see langword="null"/> where it has no name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The order, and whether it was there before.</returns>
    public async Task<(Order Order, bool IsRepeated)> AddAsync(NewOrder order, string? request, CancellationToken cancellationToken)
    {
        // Of one length, and the same to each engine whatever letters it has.
        var key = request is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)));
        if (key is not null && await FindByRequestAsync(key, cancellationToken) is { } placed)
            return (placed, true);
        try
        {
            return (await InsertAsync(order, key, cancellationToken), false);
        }
        catch (DbException) when (key is not null)
        {
            // The same request at the same time: the other one was first, and its key is taken.
            if (await FindByRequestAsync(key, cancellationToken) is { } first)
                return (first, true);
            throw;
        }
    }

    private async Task<Order> InsertAsync(NewOrder order, string? request, CancellationToken cancellationToken)
    {
        const string Insert =
            "INSERT INTO orders (customer, item, quantity, created_at) VALUES (@Customer, @Item, @Quantity, @CreatedAt)";
        const string InsertRequest = "INSERT INTO order_requests (request, order_id) VALUES (@request, @id)";
        //#if (mysql)
        var insert = Insert + (database.Provider is DatabaseProvider.MySql ? "; SELECT LAST_INSERT_ID()" : " RETURNING id");
        ////#else
        //const string insert = Insert + " RETURNING id";
        //#endif

        var added = new Order
        {
            Customer = order.Customer!,
            Item = order.Item!,
            Quantity = order.Quantity,
            CreatedAt = time.GetUtcNow(),
        };
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var id = await connection.ExecuteScalarAsync<long>(
            new CommandDefinition(insert, added, transaction, cancellationToken: cancellationToken));
        added = added with { Id = id };
        if (request is not null)
            await connection.ExecuteAsync(new CommandDefinition(InsertRequest, new { request, id }, transaction, cancellationToken: cancellationToken));
        await outbox.AddAsync(transaction, $"orders/{id}", "order.created", added, key: $"{id}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return added;
    }

    private async Task<Order?> FindByRequestAsync(string request, CancellationToken cancellationToken)
    {
        const string ByRequest = $"SELECT {Columns} FROM orders WHERE id = (SELECT order_id FROM order_requests WHERE request = @request)";
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Order>(
            new CommandDefinition(ByRequest, new { request }, cancellationToken: cancellationToken));
    }

    public async Task<Order?> FindAsync(long id, CancellationToken cancellationToken)
    {
        const string ById = $"SELECT {Columns} FROM orders WHERE id = @id";
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Order>(
            new CommandDefinition(ById, new { id }, cancellationToken: cancellationToken));
    }

    /// <summary>The newest first.</summary>
    /// <param name="before">Only orders with a lower number: the next page.</param>
    /// <param name="limit">Most orders to return.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<IReadOnlyList<Order>> ListAsync(long before, int limit, CancellationToken cancellationToken)
    {
        const string Newest = $"SELECT {Columns} FROM orders WHERE id < @before ORDER BY id DESC LIMIT @limit";
        await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<Order>(
            new CommandDefinition(Newest, new { before, limit }, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Times as UTC in each engine's own type: SQLite has none and keeps text, MySQL's has no zone.</summary>
    private sealed class UtcTimeHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override DateTimeOffset Parse(object value) => value switch
        {
            DateTime time => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)),
            string text => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
            _ => throw new DataException($"A time came as {value.GetType()}."),
        };

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.UtcDateTime;
    }
}

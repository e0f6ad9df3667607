using System.Data.Common;

namespace Buffkit.ServiceDefaults;

/// <summary>The application's database: which engine, where, and how to open it.</summary>
/// <param name="Provider">The SQL engine.</param>
/// <param name="ConnectionString">As configured, a relative SQLite path made absolute. Holds secrets: never log it.</param>
/// <param name="DataSource">Opens connections; the same object that is registered as <see cref="DbDataSource"/>.</param>
public sealed record AppDatabase(DatabaseProvider Provider, string ConnectionString, DbDataSource DataSource)
{
    /// <summary>The engine only, since a record would print its connection string.</summary>
    public override string ToString() => $"AppDatabase {{ Provider = {Provider} }}";
}

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

/// <summary>The SQL engine of the application's database; <c>Database:Provider</c> in lower case.</summary>
public enum DatabaseProvider
{
    /// <summary><c>sqlite</c>, the default: a file, nothing to install.</summary>
    Sqlite,
    //#if (postgres)

    /// <summary><c>postgres</c>.</summary>
    Postgres,
    //#endif
    //#if (mysql)

    /// <summary><c>mysql</c>.</summary>
    MySql,
    //#endif
}

namespace Buffkit.ServiceDefaults;

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

namespace Buffkit.ServiceDefaults;

/// <summary>The SQL engine of the application's database; <c>Database:Provider</c> in lower case.</summary>
public enum DatabaseProvider
{
    /// <summary><c>sqlite</c>, the default: a file, nothing to install.</summary>
    Sqlite,

    /// <summary><c>postgres</c>.</summary>
    Postgres,

    /// <summary><c>mysql</c>.</summary>
    MySql,
}

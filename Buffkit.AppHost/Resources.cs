namespace Buffkit.AppHost;

/// <summary>The names under which resources appear in the dashboard, in logs and in a deployment.</summary>
internal static class Resources
{
    public const string Api = "api";
    //#if (redis)
    public const string Redis = "redis";
    //#endif
    //#if (postgres)
    public const string Postgres = "postgres";
    public const string PostgresDatabase = "postgresdb";
    //#endif
    //#if (mysql)
    public const string MySql = "mysql";
    public const string MySqlDatabase = "mysqldb";
    //#endif

    /// <summary>Brings the schema of the API's database up to date.</summary>
    public const string Migrations = "migrations";
    //#if (repository)

    public const string MySqlMigrations = "mysql-migrations";
    //#endif
    //#if (!sqlite)

    /// <summary>The Azure Container Apps environment.</summary>
    public const string ContainerApps = "apps";

    public const string Compose = "compose";
    //#endif
}

namespace Buffkit.AppHost;

/// <summary>The names under which resources appear in the dashboard, in logs and in a deployment.</summary>
internal static class Resources
{
    public const string Api = "api";
    public const string Redis = "redis";
    public const string Postgres = "postgres";
    public const string PostgresDatabase = "postgresdb";
    public const string MySql = "mysql";
    public const string MySqlDatabase = "mysqldb";

    /// <summary>Brings the schema of the API's database up to date.</summary>
    public const string Migrations = "migrations";

    public const string PostgresMigrations = "postgres-migrations";
    public const string MySqlMigrations = "mysql-migrations";

    /// <summary>The Azure Container Apps environment.</summary>
    public const string ContainerApps = "apps";

    public const string Compose = "compose";
}

namespace Buffkit.AppHost;

internal static class PostgresDatabase
{
    /// <summary>One version for the container and for Azure.</summary>
    public const string MajorVersion = "18";

    private const string Tag = $"{MajorVersion}.3";

    /// <summary>
    /// Adds PostgreSQL with its migrations: a container, or Azure Database for PostgreSQL in a deployment to Azure.
    /// </summary>
    public static AppDatabase AddPostgresDatabase(
        this IDistributedApplicationBuilder builder, string migrations, DeploymentTarget target)
    {
        IResourceBuilder<IResourceWithConnectionString> database = target is DeploymentTarget.Azure
            ? builder.AddAzurePostgres(Resources.Postgres, Resources.PostgresDatabase, Databases.DatabaseName)
            : builder.AddPostgres(Resources.Postgres)
                .WithImageTag(Tag)
                .WithDataVolume()
                .WithLifetime(ContainerLifetime.Persistent)
                .WithPgWeb(tool => tool.WithExplicitStart())
                // Here Aspire creates the database; in a Compose file the image does.
                .WithEnvironment("POSTGRES_DB", Databases.DatabaseName)
                .PublishAsLastingService(check: $"pg_isready --username=postgres --dbname={Databases.DatabaseName} --host=127.0.0.1")
                .AddDatabase(Resources.PostgresDatabase, Databases.DatabaseName);
        return builder.AddMigrations(migrations, Databases.Postgres, database);
    }
}

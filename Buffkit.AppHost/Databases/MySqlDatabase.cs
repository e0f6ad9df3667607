namespace Buffkit.AppHost;

internal static class MySqlDatabase
{
    private const string Tag = "9.7";

    /// <summary>
    /// Adds MySQL with its migrations: a container, or in a deployment whatever <c>ConnectionStrings:mysqldb</c> names.
    /// </summary>
    public static AppDatabase AddMySqlDatabase(this IDistributedApplicationBuilder builder, string migrations)
    {
        IResourceBuilder<IResourceWithConnectionString> database = builder.ExecutionContext.IsPublishMode
            ? builder.AddConnectionString(Resources.MySqlDatabase)
            : builder.AddMySqlServer(Resources.MySql, Tag)
                .WithDataVolume()
                .WithLifetime(ContainerLifetime.Persistent)
                .AddDatabase(Resources.MySqlDatabase, Databases.DatabaseName);
        return builder.AddMigrations(migrations, Databases.MySql, database);
    }
}

using Buffkit.Hosting;

namespace Aspire.Hosting;

/// <summary>The migrations of a database in the app model, and the services that use it once its schema is up to date.</summary>
public static class MigrationsBuilderExtensions
{
    /// <summary>The services know a database as <c>ConnectionStrings:appdb</c>, whichever engine it is.</summary>
    private const string ConnectionName = "appdb";

    /// <summary>Adds the migrations of a database: a run that ends with exit code 0 when the schema is up to date, with commands in the dashboard.</summary>
    /// <typeparam name="TProject">The project of the migrations.</typeparam>
    /// <param name="builder">The app model.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="provider">The database's engine, as in <c>Database:Provider</c>: <c>postgres</c>, <c>mysql</c>.</param>
    /// <param name="database">The database, which is waited for.</param>
    public static IResourceBuilder<ProjectResource> AddMigrations<TProject>(
        this IDistributedApplicationBuilder builder, string name, string provider, IResourceBuilder<IResourceWithConnectionString> database)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(database);
        return builder.AddMigrations<TProject>(name, new MigratedDatabase(
            provider, project => project.WithReference(database, connectionName: ConnectionName).WaitFor(database)));
    }

    /// <summary>Adds the migrations of a SQLite file, <c>data/app.db</c> below the AppHost.</summary>
    /// <typeparam name="TProject">The project of the migrations.</typeparam>
    /// <param name="builder">The app model.</param>
    /// <param name="name">The resource's name.</param>
    public static IResourceBuilder<ProjectResource> AddMigrations<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        var file = Path.Combine(builder.AppHostDirectory, "data", "app.db");
        return builder.AddMigrations<TProject>(name, new MigratedDatabase(
            "sqlite", project => project.WithEnvironment($"ConnectionStrings__{ConnectionName}", $"Data Source={file}")));
    }

    /// <summary>Gives a service the database of the migrations, and lets it wait until they have succeeded.</summary>
    /// <param name="service">The project.</param>
    /// <param name="migrations">What <c>AddMigrations</c> returned.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The resource is no migrations.</exception>
    public static IResourceBuilder<ProjectResource> WithMigrations(
        this IResourceBuilder<ProjectResource> service, IResourceBuilder<ProjectResource> migrations)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(migrations);
        if (!migrations.Resource.TryGetLastAnnotation<MigratedDatabase>(out var database))
            throw new InvalidOperationException($"{migrations.Resource.Name} has no database: add it with AddMigrations.");
        migrations.WithAnnotation(new MigratedService(service.Resource));
        return service.WithDatabase(database).WaitForCompletion(migrations);
    }

    private static IResourceBuilder<ProjectResource> AddMigrations<TProject>(
        this IDistributedApplicationBuilder builder, string name, MigratedDatabase database)
        where TProject : IProjectMetadata, new() =>
        builder.AddProject<TProject>(name)
            .WithAnnotation(database)
            .WithDatabase(database)
            .WithIconName("DatabaseArrowUp")
            .WithMigrationCommands();

    private static IResourceBuilder<ProjectResource> WithDatabase(this IResourceBuilder<ProjectResource> project, MigratedDatabase database)
    {
        project.WithEnvironment("Database__Provider", database.Provider);
        database.Connect(project);
        return project;
    }
}

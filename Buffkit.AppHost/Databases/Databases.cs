namespace Buffkit.AppHost;

/// <summary>A database that the API can use, and the run that brings its schema up to date.</summary>
/// <param name="Provider">The API's <c>Database:Provider</c>.</param>
/// <param name="Configure">Gives a project the connection.</param>
/// <param name="Migrations">Ends with exit code 0 when the schema is up to date.</param>
internal sealed record AppDatabase(
    string Provider,
    Action<IResourceBuilder<ProjectResource>> Configure,
    IResourceBuilder<ProjectResource> Migrations);

internal static class Databases
{
    //#if (postgres)
    public const string Postgres = "postgres";
    //#endif
    //#if (mysql)
    public const string MySql = "mysql";
    //#endif
    //#if (!sqlite)

    /// <summary>The name of the database on its server.</summary>
    public const string DatabaseName = "appdb";

    /// <summary>The services know it as <c>ConnectionStrings:appdb</c>, whichever engine it is.</summary>
    private const string ConnectionName = "appdb";
    //#endif
    //#if (repository)

    /// <summary>PostgreSQL for the API, and at home MySQL beside it.</summary>
    public const string Both = "both";

    private const string Key = "Database";

    /// <summary>The configured choice, <see cref="Postgres"/> without one.</summary>
    /// <exception cref="InvalidOperationException">The configured choice is unknown.</exception>
    public static string ChooseDatabase(this IDistributedApplicationBuilder builder)
    {
        var configured = builder.Configuration[Key] is { Length: > 0 } value ? value.ToLowerInvariant() : Postgres;
        return configured is Postgres or MySql or Both
            ? configured
            : throw new InvalidOperationException($"{Key} is '{configured}'. Set it to {Postgres}, {MySql} or {Both}.");
    }
    //#endif
    //#if (!sqlite)

    /// <summary>Adds the run that migrates the database as soon as it answers.</summary>
    public static AppDatabase AddMigrations(
        this IDistributedApplicationBuilder builder,
        string name,
        string provider,
        IResourceBuilder<IResourceWithConnectionString> database)
    {
        return builder.AddMigrations(name, provider, Configure);

        void Configure(IResourceBuilder<ProjectResource> project) =>
            project.WithReference(database, connectionName: ConnectionName).WaitFor(database);
    }

    //#endif
    /// <summary>Adds the run that migrates a database that needs no waiting for.</summary>
    public static AppDatabase AddMigrations(
        this IDistributedApplicationBuilder builder,
        string name,
        string provider,
        Action<IResourceBuilder<ProjectResource>> configure)
    {
        var migrations = builder.AddProject<Projects.Buffkit_MigrationService>(name)
            .WithDatabase(provider, configure)
            .WithIconName("DatabaseArrowUp")
            .WithMigrationCommands();
        return new AppDatabase(provider, configure, migrations);
    }

    public static IResourceBuilder<ProjectResource> WithDatabase(
        this IResourceBuilder<ProjectResource> project, string provider, Action<IResourceBuilder<ProjectResource>> configure)
    {
        project.WithEnvironment("Database__Provider", provider);
        configure(project);
        return project;
    }
}

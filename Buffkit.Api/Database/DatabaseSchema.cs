using Buffkit.Migrations;
using Buffkit.ServiceDefaults;

namespace Buffkit.Api;

/// <summary>
/// Lets the API wait for its schema: <c>/health</c> fails while the database lacks migrations of this version. The migration service
/// applies them; to the embedded database, in Development, the API does that itself, so that one command is enough to try it.
/// </summary>
internal static class DatabaseSchema
{
    /// <summary>Whether readiness looks at the schema, <c>true</c> by default. Not where the API's login may not read the journal of migrations.</summary>
    private const string CheckKey = "Database:CheckSchema";

    // The migration service's own: what it applies is what is looked for.
    private const string ScriptsKey = "Migrations:Scripts";

    public static void AddSchema(this WebApplicationBuilder builder)
    {
        builder.Services.AddMigrations((services, options) => Configure(options, services.GetRequiredService<AppDatabase>(), builder.Configuration[ScriptsKey]));
        if (builder.Configuration.GetValue(CheckKey, true))
            builder.Services.AddHealthChecks().AddSchemaCheck();
        var (provider, _) = AppDatabaseRegistration.Read(builder.Configuration, builder.Environment.ContentRootPath);
        if (builder.Environment.IsDevelopment() && provider is DatabaseProvider.Sqlite)
            builder.Services.AddHostedService<DevelopmentSchema>();
    }

    private static void Configure(MigrationOptions options, AppDatabase database, string? scripts)
    {
        if (!string.IsNullOrEmpty(scripts))
            options.ScriptsPath = Path.GetFullPath(scripts);
        switch (database.Provider)
        {
            //#if (postgres)
            case DatabaseProvider.Postgres:
                options.UsePostgres(database.ConnectionString);
                break;
            //#endif
            //#if (mysql)
            case DatabaseProvider.MySql:
                options.UseMySql(database.ConnectionString);
                break;
            //#endif
            default:
                options.UseSqlite(database.ConnectionString);
                break;
        }
    }

    // Before any other service starts: none meets a table that is not there yet.
    private sealed class DevelopmentSchema(MigrationRunner migrations) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => migrations.UpAsync(cancellationToken);

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

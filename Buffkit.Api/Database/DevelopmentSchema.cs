using Buffkit.Migrations;
using Buffkit.ServiceDefaults;

namespace Buffkit.Api;

/// <summary>
/// Brings the embedded database's schema up to date when the API starts in Development, so that one command is enough to
/// try it. Everywhere else the migration service does that before the API starts.
/// </summary>
internal sealed class DevelopmentSchema(MigrationRunner migrations) : IHostedLifecycleService
{
    // Before any other service starts: none meets a table that is not there yet.
    public Task StartingAsync(CancellationToken cancellationToken) => migrations.UpAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

internal static class DevelopmentSchemaRegistration
{
    public static void AddDevelopmentSchema(this WebApplicationBuilder builder)
    {
        var provider = builder.Configuration[AppDatabaseRegistration.ProviderKey];
        var embedded = string.IsNullOrEmpty(provider) || provider.Equals("sqlite", StringComparison.OrdinalIgnoreCase);
        if (!builder.Environment.IsDevelopment() || !embedded)
            return;

        builder.Services.AddMigrations((services, options) =>
            options.UseSqlite(services.GetRequiredService<AppDatabase>().ConnectionString));
        builder.Services.AddHostedService<DevelopmentSchema>();
    }
}

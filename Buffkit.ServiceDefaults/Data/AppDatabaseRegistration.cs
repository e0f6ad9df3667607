using System.Data.Common;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Buffkit.ServiceDefaults;

/// <summary>Registers the application's database by configuration.</summary>
public static class AppDatabaseRegistration
{
    /// <summary>A <see cref="DatabaseProvider"/> in lower case, <c>sqlite</c> by default.</summary>
    public const string ProviderKey = "Database:Provider";

    /// <summary>The name of the connection string, as in <c>ConnectionStrings:appdb</c>.</summary>
    public const string ConnectionName = "appdb";

    /// <summary>
    /// Registers <see cref="AppDatabase"/> and its <see cref="DbDataSource"/> as singletons, with health check,
    /// traces and metrics.
    /// </summary>
    /// <remarks>Without any configuration: the SQLite file <c>data/app.db</c> under the content root.</remarks>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">The provider is unknown, or its connection string is missing or malformed. The message names the key.</exception>
    public static TBuilder AddAppDatabase<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (provider, connectionString) = Read(builder.Configuration, builder.Environment.ContentRootPath);
        switch (provider)
        {
            //#if (postgres)
            case DatabaseProvider.Postgres:
                builder.AddPostgresDataSource(connectionString);
                break;
            //#endif
            //#if (mysql)
            case DatabaseProvider.MySql:
                builder.AddMySqlClient(connectionString);
                break;
            //#endif
            default:
                builder.Services.AddSingleton<DbDataSource>(_ => SqliteDataSource.Create(connectionString));
                break;
        }

        builder.Services.AddSingleton(services =>
            new AppDatabase(provider, connectionString, services.GetRequiredService<DbDataSource>()));
        builder.Services.AddHealthChecks().AddCheck<AppDatabaseHealthCheck>("database");
        return builder;
    }

    /// <summary>Reads provider and connection string without registering or creating anything.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="root">The folder that a relative SQLite path is relative to.</param>
    /// <exception cref="InvalidOperationException">The provider is unknown, or its connection string is missing or malformed. The message names the key.</exception>
    public static (DatabaseProvider Provider, string ConnectionString) Read(IConfiguration configuration, string root)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var provider = ReadProvider(configuration);
        return (provider, ReadConnectionString(configuration, provider, root));
    }

    private static DatabaseProvider ReadProvider(IConfiguration configuration) =>
        configuration[ProviderKey] switch
        {
            null or "" => DatabaseProvider.Sqlite,
            var value when value.Equals("sqlite", StringComparison.OrdinalIgnoreCase) => DatabaseProvider.Sqlite,
            //#if (postgres)
            var value when value.Equals("postgres", StringComparison.OrdinalIgnoreCase) => DatabaseProvider.Postgres,
            //#endif
            //#if (mysql)
            var value when value.Equals("mysql", StringComparison.OrdinalIgnoreCase) => DatabaseProvider.MySql,
            //#endif
            var value => throw new InvalidOperationException(
                $"{ProviderKey} is '{value}'. Set it to {Known}."),
        };

    private static string Known => string.Join(" or ", Enum.GetNames<DatabaseProvider>()).ToLowerInvariant();

    private static string ReadConnectionString(IConfiguration configuration, DatabaseProvider provider, string root)
    {
        var configured = configuration.GetConnectionString(ConnectionName);
        if (provider == DatabaseProvider.Sqlite)
        {
            return SqliteFile.Resolve(configured, root);
        }

        if (string.IsNullOrWhiteSpace(configured))
        {
            throw new InvalidOperationException(
                $"ConnectionStrings:{ConnectionName} is missing. {ProviderKey} is '{configuration[ProviderKey]}', "
                + $"which needs it, for example through the environment variable ConnectionStrings__{ConnectionName}.");
        }

        return configured;
    }
}

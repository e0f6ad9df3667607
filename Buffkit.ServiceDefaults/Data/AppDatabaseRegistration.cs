using System.Data.Common;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Buffkit.ServiceDefaults;

/// <summary>Registers the application's database by configuration.</summary>
public static class AppDatabaseRegistration
{
    /// <summary><c>sqlite</c> (default), <c>postgres</c> or <c>mysql</c>.</summary>
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
        var provider = ReadProvider(builder.Configuration);
        var connectionString = ReadConnectionString(builder, provider);
        switch (provider)
        {
            case DatabaseProvider.Postgres:
                builder.AddPostgresDataSource(connectionString);
                break;
            case DatabaseProvider.MySql:
                builder.AddMySqlDataSource(connectionString);
                break;
            default:
                builder.Services.AddSingleton<DbDataSource>(_ => new SqliteDataSource(connectionString));
                break;
        }

        builder.Services.AddSingleton(services =>
            new AppDatabase(provider, connectionString, services.GetRequiredService<DbDataSource>()));
        builder.Services.AddHealthChecks().AddCheck<AppDatabaseHealthCheck>("database");
        return builder;
    }

    private static DatabaseProvider ReadProvider(IConfiguration configuration) =>
        configuration[ProviderKey] switch
        {
            null or "" => DatabaseProvider.Sqlite,
            var value when value.Equals("sqlite", StringComparison.OrdinalIgnoreCase) => DatabaseProvider.Sqlite,
            var value when value.Equals("postgres", StringComparison.OrdinalIgnoreCase) => DatabaseProvider.Postgres,
            var value when value.Equals("mysql", StringComparison.OrdinalIgnoreCase) => DatabaseProvider.MySql,
            var value => throw new InvalidOperationException(
                $"{ProviderKey} is '{value}'. Set it to sqlite, postgres or mysql."),
        };

    private static string ReadConnectionString(IHostApplicationBuilder builder, DatabaseProvider provider)
    {
        var configured = builder.Configuration.GetConnectionString(ConnectionName);
        if (provider == DatabaseProvider.Sqlite)
        {
            return SqliteFile.Resolve(configured, builder.Environment.ContentRootPath);
        }

        if (string.IsNullOrWhiteSpace(configured))
        {
            throw new InvalidOperationException(
                $"ConnectionStrings:{ConnectionName} is missing. {ProviderKey} is '{builder.Configuration[ProviderKey]}', "
                + $"which needs it, for example through the environment variable ConnectionStrings__{ConnectionName}.");
        }

        return configured;
    }
}

#if USE_ASPIRE
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// The data clients by Aspire's client integrations: the same services and telemetry as <c>DataClients.Plain.cs</c>.
/// </summary>
/// <remarks>
/// Their own health checks are off, since both variants share ours and its names. They read the connection string
/// from the configuration by name.
/// </remarks>
internal static class DataClients
{
    public static void AddPostgresDataSource(this IHostApplicationBuilder builder, string connectionString) =>
        builder.AddNpgsqlDataSource(AppDatabaseRegistration.ConnectionName, settings =>
        {
            settings.ConnectionString = connectionString;
            settings.DisableHealthChecks = true;
        });

    public static void AddMySqlDataSource(this IHostApplicationBuilder builder, string connectionString) =>
        AspireMySqlConnectorExtensions.AddMySqlDataSource(builder, AppDatabaseRegistration.ConnectionName, settings =>
        {
            settings.ConnectionString = connectionString;
            settings.DisableHealthChecks = true;
        });

    public static void AddRedisMultiplexer(this IHostApplicationBuilder builder, string connectionString)
    {
        // The integration keeps them as options; whoever makes a further connection takes them from here in both variants.
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<ConfigurationOptions>>().Value);
        builder.AddRedisClient(
            RedisClient.ConnectionName,
            settings =>
            {
                settings.ConnectionString = connectionString;
                settings.DisableHealthChecks = true;
            },
            options => options.AbortOnConnectFail = false);
    }
}
#endif

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MySqlConnector;

namespace Buffkit.AppHost;

/// <summary>MySQL as a resource of the model. Made as Aspire's own integrations are, and without a package of theirs.</summary>
internal static class MySqlServer
{
    private const int Port = 3306;

    /// <summary>Adds a server with a generated password.</summary>
    public static IResourceBuilder<MySqlServerResource> AddMySqlServer(this IDistributedApplicationBuilder builder, string name, string tag)
    {
        var password = ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password");
        var server = new MySqlServerResource(name, password);
        return builder.AddResource(server)
            .WithImage("library/mysql", tag)
            .WithImageRegistry("docker.io")
            .WithEndpoint(targetPort: Port, name: MySqlServerResource.EndpointName)
            .WithEnvironment("MYSQL_ROOT_PASSWORD", password)
            .WithIconName("DatabaseMultiple")
            .WithMySqlHealthCheck(server);
    }

    /// <summary>Keeps the data in a volume of its own.</summary>
    public static IResourceBuilder<MySqlServerResource> WithDataVolume(this IResourceBuilder<MySqlServerResource> server) =>
        server.WithVolume(VolumeNameGenerator.Generate(server, "data"), "/var/lib/mysql");

    /// <summary>Adds the server's one database.</summary>
    /// <remarks>The image creates it while it fills an empty volume.</remarks>
    public static IResourceBuilder<MySqlDatabaseResource> AddDatabase(
        this IResourceBuilder<MySqlServerResource> server, string name, string database)
    {
        var resource = new MySqlDatabaseResource(name, database, server.Resource);
        server.WithEnvironment("MYSQL_DATABASE", database);
        return server.ApplicationBuilder.AddResource(resource)
            .WithIconName("Database")
            .WithMySqlHealthCheck(resource);
    }

    private static IResourceBuilder<T> WithMySqlHealthCheck<T>(this IResourceBuilder<T> builder, IResourceWithConnectionString resource)
        where T : IResource
    {
        var key = $"{builder.Resource.Name}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(
            new HealthCheckRegistration(key, _ => new MySqlHealthCheck(resource), failureStatus: null, tags: null));
        return builder.WithHealthCheck(key);
    }

    /// <summary>The server lets us in and answers.</summary>
    private sealed class MySqlHealthCheck(IResourceWithConnectionString resource) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await using var connection = new MySqlConnection(await resource.GetConnectionStringAsync(cancellationToken));
                await connection.OpenAsync(cancellationToken);
                return await connection.PingAsync(cancellationToken)
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy($"{resource.Name} does not answer.");
            }
            catch (MySqlException e)
            {
                return HealthCheckResult.Unhealthy($"{resource.Name} does not answer.", e);
            }
        }
    }
}

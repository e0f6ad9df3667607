using System.Net.Sockets;
using Buffkit.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>MySQL as a resource of the model. Made as Aspire's own integrations are, and without a package of theirs.</summary>
public static class MySqlBuilderExtensions
{
    private const int Port = 3306;

    /// <summary>Adds a server in a container, with a generated password.</summary>
    /// <param name="builder">The app model.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="tag">The image's.</param>
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
            .WithMySqlHealthCheck(server.Resource);
    }

    private static IResourceBuilder<T> WithMySqlHealthCheck<T>(this IResourceBuilder<T> builder, MySqlServerResource server)
        where T : IResource
    {
        var key = $"{builder.Resource.Name}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(
            new HealthCheckRegistration(key, _ => new GreetingCheck(server), failureStatus: null, tags: null));
        return builder.WithHealthCheck(key);
    }

    /// <summary>
    /// The server greets whoever connects, which it does once its databases are made: until then the image runs it without a network.
    /// So no driver is needed to ask.
    /// </summary>
    private sealed class GreetingCheck(MySqlServerResource server) : IHealthCheck
    {
        // Of a packet: three bytes of length and one of its number; then the version of the protocol.
        private const int GreetingBytes = 5;
        private const byte ProtocolVersion = 10;

        /// <summary>A server that hangs takes connections, and says nothing.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(server.Endpoint.Host, server.Endpoint.Port, patience.Token);
                var greeting = new byte[GreetingBytes];
                await client.GetStream().ReadExactlyAsync(greeting, patience.Token);
                return greeting[^1] == ProtocolVersion
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy($"{server.Name} does not let us in.");
            }
            catch (Exception e) when (e is SocketException or IOException or InvalidOperationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return HealthCheckResult.Unhealthy($"{server.Name} does not answer.", e);
            }
        }
    }
}

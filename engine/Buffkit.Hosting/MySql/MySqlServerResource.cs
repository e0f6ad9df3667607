namespace Buffkit.Hosting;

/// <summary>A MySQL server in a container.</summary>
/// <param name="name">The resource's name.</param>
/// <param name="password">The password of <c>root</c>.</param>
public sealed class MySqlServerResource(string name, ParameterResource password) : ContainerResource(name), IResourceWithConnectionString
{
    internal const string EndpointName = "tcp";

    /// <summary>The password of <c>root</c>.</summary>
    public ParameterResource Password => password;

    /// <summary>Where the server listens.</summary>
    public EndpointReference Endpoint => field ??= new(this, EndpointName);

    /// <summary>As MySqlConnector reads it, with all rights and without a database.</summary>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"Server={Endpoint.Property(EndpointProperty.Host)};Port={Endpoint.Property(EndpointProperty.Port)};User ID=root;Password={password}");
}

namespace Buffkit.Hosting;

/// <summary>A database of a MySQL server; the server creates it at its first start.</summary>
/// <param name="name">The resource's name.</param>
/// <param name="database">The database's name on the server.</param>
/// <param name="server">The server.</param>
public sealed class MySqlDatabaseResource(string name, string database, MySqlServerResource server)
    : Resource(name), IResourceWithParent<MySqlServerResource>, IResourceWithConnectionString
{
    /// <inheritdoc/>
    public MySqlServerResource Parent => server;

    /// <inheritdoc/>
    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{server};Database={database}");
}

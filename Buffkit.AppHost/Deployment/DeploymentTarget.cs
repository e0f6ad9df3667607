namespace Buffkit.AppHost;

/// <summary>Where a deployment goes.</summary>
internal enum DeploymentTarget
{
    /// <summary>Nowhere: the application runs here.</summary>
    None,

    /// <summary>Azure Container Apps with Azure's database and Redis.</summary>
    Azure,

    /// <summary>A Docker Compose file, for any machine.</summary>
    Compose,
}

using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;

namespace Buffkit.Tests;

/// <summary>
/// Whether containers can be started here. A test that needs one is skipped with the reason where they cannot, and
/// fails where <c>REQUIRE_CONTAINERS=true</c> says that they must.
/// </summary>
public static class ContainerEngine
{
    private static readonly Lazy<string?> Missing = new(FindReason);

    public static void RequireOrSkip()
    {
        if (Missing.Value is not { } reason)
        {
            return;
        }

        if (string.Equals(Environment.GetEnvironmentVariable("REQUIRE_CONTAINERS"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Fail($"REQUIRE_CONTAINERS is true, but {reason}");
        }

        Assert.Skip(reason);
    }

    private static string? FindReason()
    {
        try
        {
            return TestcontainersSettings.OS.DockerEndpointAuthConfig is null ? "no Docker engine was found." : null;
        }
        catch (Exception e) when (e is DockerUnavailableException or TypeInitializationException or ArgumentException)
        {
            return $"no Docker engine answers: {e.Message}";
        }
    }
}

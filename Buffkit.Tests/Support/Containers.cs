using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace Buffkit.Tests;

/// <summary>Containers of tests. Where no engine answers they are skipped, or fail with <c>REQUIRE_CONTAINERS=true</c>.</summary>
internal static class Containers
{
    static Containers()
    {
        // An engine on this machine publishes its ports here, even where the machine looks like a container itself.
        if (Environment.GetEnvironmentVariable("DOCKER_HOST") is null && File.Exists("/var/run/docker.sock"))
            Environment.SetEnvironmentVariable("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1");
        // Each test disposes of its container: none is needed that clears up after it.
        TestcontainersSettings.ResourceReaperEnabled = false;
    }

    public static async Task<T> StartOrSkipAsync<T>(Func<T> build)
        where T : IContainer
    {
        try
        {
            var container = build();
            await container.StartAsync(TestContext.Current.CancellationToken);
            return container;
        }
        catch (Exception e) when (e is DockerUnavailableException or HttpRequestException or TimeoutException or IOException)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("REQUIRE_CONTAINERS") == "true", $"No container engine answers: {e.Message}");
            throw;
        }
    }
}

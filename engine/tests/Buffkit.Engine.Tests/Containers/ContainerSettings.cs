using System.Runtime.CompilerServices;

namespace Buffkit.Tests;

/// <summary>Settings that make container tests run without any in the environment; what is set there stands.</summary>
internal static class ContainerSettings
{
    // Before Testcontainers reads its configuration, which it does once.
#pragma warning disable CA2255 // A test assembly is its own application.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Apply()
    {
        // Every test disposes of its containers, so no other container, and no image for one, is needed to do that.
        Default("TESTCONTAINERS_RYUK_DISABLED", "true");
        // An engine on this machine publishes its ports here, even where the machine looks like a container itself.
        if (Environment.GetEnvironmentVariable("DOCKER_HOST") is null && File.Exists("/var/run/docker.sock"))
            Default("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1");
    }

    private static void Default(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
            Environment.SetEnvironmentVariable(name, value);
    }
}

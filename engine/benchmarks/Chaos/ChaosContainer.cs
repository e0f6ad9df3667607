using Docker.DotNet;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Benchmarks;

/// <summary>Runs commands in a container that was started for a run.</summary>
internal static class ChaosContainer
{
    // Before Testcontainers reads its settings: a run disposes of its containers, so none is needed that would do it, and an engine on this
    // machine publishes its ports here, even where the machine looks like a container itself.
    static ChaosContainer()
    {
        Default("TESTCONTAINERS_RYUK_DISABLED", "true");
        if (Environment.GetEnvironmentVariable("DOCKER_HOST") is null && File.Exists("/var/run/docker.sock"))
            Default("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1");
    }

    /// <summary>Builds and starts one.</summary>
    /// <exception cref="CannotMeasureException">None can be started here.</exception>
    public static async Task<IContainer> StartAsync(Func<ContainerBuilder, ContainerBuilder> build, string image, CancellationToken cancellationToken)
    {
        try
        {
            var container = build(new ContainerBuilder(image).WithLogger(NullLogger.Instance)).Build();
            await container.StartAsync(cancellationToken);
            return container;
        }
        catch (Exception e) when (e is DockerUnavailableException or DockerApiException or ArgumentException)
        {
            throw new CannotMeasureException($"The container {image} did not start: {e.Message}");
        }
    }

    public static async Task RunAsync(this IContainer container, string command, CancellationToken cancellationToken)
    {
        var result = await container.ExecAsync(["sh", "-c", command], cancellationToken);
        if (result.ExitCode != 0)
            throw new CannotMeasureException($"In the container {container.Image.FullName}, {command} failed: {result.Stderr}{result.Stdout}");
    }

    /// <summary>A shell loop that starts a server again whenever it ends, unless a file <c>/tmp/{name}.down</c> keeps it down.</summary>
    public static string Supervise(string name, string command) =>
        $"while true; do while [ -e /tmp/{name}.down ]; do sleep 0.02; done; {command} & echo $! > /tmp/{name}.pid; wait $!; done";

    /// <summary>Ends a supervised server as its machine's end would; it stays down.</summary>
    public static string Kill(string name) => $"touch /tmp/{name}.down; kill -9 $(cat /tmp/{name}.pid)";

    public static string Revive(string name) => $"rm -f /tmp/{name}.down";

    private static void Default(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
            Environment.SetEnvironmentVariable(name, value);
    }
}

using System.Net;
using System.Net.Sockets;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace Buffkit.Tests;

/// <summary>
/// Whether containers can be started here. A test that needs one is skipped with the reason where they cannot, and
/// fails where <c>REQUIRE_CONTAINERS=true</c> says that they must.
/// </summary>
public static class ContainerEngine
{
    private static readonly Lazy<string?> Missing = new(FindReason);

    public static bool Answers => Missing.Value is null;

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

    /// <summary>
    /// Builds and starts a container, once it is known that one can be started. Nothing else starts one: the build refuses
    /// <c>IContainer.StartAsync</c> elsewhere (<c>BannedSymbols.txt</c>), so no test can forget to ask.
    /// </summary>
    /// <param name="build">Called after the question, as building a container fails where there is no engine.</param>
    /// <param name="cancellationToken">Ends the start; what has begun is taken down.</param>
    public static async Task<T> StartAsync<T>(Func<T> build, CancellationToken cancellationToken)
        where T : IContainer
    {
        RequireOrSkip();
        var container = build();
        try
        {
#pragma warning disable RS0030 // The one place that may: it has asked.
            await container.StartAsync(cancellationToken);
#pragma warning restore RS0030
            return container;
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a container again that was stopped.</summary>
#pragma warning disable RS0030 // It has asked before.
    public static Task StartAgainAsync(IContainer container, CancellationToken cancellationToken) => container.StartAsync(cancellationToken);
#pragma warning restore RS0030

    // A host that is configured but switched off is as good as none.
    private static string? Connect(Uri endpoint)
    {
        EndPoint? address = endpoint.Scheme switch
        {
            "unix" => new UnixDomainSocketEndPoint(endpoint.AbsolutePath),
            "tcp" or "http" or "https" => new DnsEndPoint(endpoint.Host, endpoint.Port),
            _ => null,
        };
        if (address is null)
            return null;
        using var socket = address is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(address);
            return null;
        }
        catch (SocketException e)
        {
            return $"no Docker engine answers at {endpoint}: {e.Message}";
        }
    }

    private static string? FindReason()
    {
        try
        {
            return TestcontainersSettings.OS.DockerEndpointAuthConfig is not { Endpoint: { } endpoint }
                ? "no Docker engine was found."
                : Connect(endpoint);
        }
        catch (Exception e) when (e is DockerUnavailableException or TypeInitializationException or ArgumentException)
        {
            return $"no Docker engine answers: {e.Message}";
        }
    }
}

using System.Net;
using System.Net.Sockets;
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

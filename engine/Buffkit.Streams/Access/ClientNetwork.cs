using System.Net;
using System.Net.Sockets;

namespace Buffkit.Streams;

/// <summary>The network that counts as one client where limits are per address.</summary>
public static class ClientNetwork
{
    /// <summary>The 64 bits of an IPv6 address that a household is given.</summary>
    internal const int BytesV6 = 8;

    /// <summary>The network of an address: an IPv4 address itself, or 64 bits of IPv6.</summary>
    /// <param name="address">
    /// The address, as of <c>HttpContext.Connection.RemoteIpAddress</c>: the client's own also behind the proxies of <c>Streams:Proxies</c>.
    /// </param>
    public static string Of(IPAddress? address)
    {
        if (address is null)
            return "";
        var normal = Normal(address);
        if (normal.AddressFamily is not AddressFamily.InterNetworkV6)
            return normal.ToString();
        Span<byte> network = stackalloc byte[16];
        normal.GetAddressBytes().AsSpan(0, BytesV6).CopyTo(network);
        return new IPAddress(network) + "/64";
    }

    internal static IPAddress Normal(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

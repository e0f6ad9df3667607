using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Streams;

/// <summary>How closely a session token is bound to the address that it was issued to.</summary>
public enum AddressBinding
{
    /// <summary>Not at all.</summary>
    Off,

    /// <summary>To the network: the first 24 bits of an IPv4 address, the first 64 of an IPv6 address.</summary>
    Subnet,

    /// <summary>To the address itself.</summary>
    Exact,
}

internal static class AddressBindings
{
    private const int SubnetBytesV4 = 3;
    private const int SubnetBytesV6 = 8;

    /// <summary>What a token carries of the address: a hash that says nothing about it without the session's id.</summary>
    public static ulong Hash(this AddressBinding binding, IPAddress? address, SessionId session)
    {
        if (binding is AddressBinding.Off || address is null)
            return 0;
        var bound = Normal(address).GetAddressBytes().AsSpan();
        if (binding is AddressBinding.Subnet)
            bound = bound[..(bound.Length == 4 ? SubnetBytesV4 : SubnetBytesV6)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([(byte)binding, .. Encoding.ASCII.GetBytes(session.Value), .. bound], hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>The network that counts as one client: an IPv4 address, or the 64 bits of IPv6 that a household is given.</summary>
    public static string ClientNetwork(IPAddress? address)
    {
        if (address is null)
            return "";
        var normal = Normal(address);
        if (normal.AddressFamily is not AddressFamily.InterNetworkV6)
            return normal.ToString();
        Span<byte> network = stackalloc byte[16];
        normal.GetAddressBytes().AsSpan(0, SubnetBytesV6).CopyTo(network);
        return new IPAddress(network) + "/64";
    }

    private static IPAddress Normal(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

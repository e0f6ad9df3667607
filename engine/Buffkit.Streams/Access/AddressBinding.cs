using System.Buffers.Binary;
using System.Net;
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

    /// <summary>What a token carries of the address: a hash that says nothing about it without the session's id.</summary>
    public static ulong Hash(this AddressBinding binding, IPAddress? address, SessionId session)
    {
        if (binding is AddressBinding.Off || address is null)
            return 0;
        var bound = ClientNetwork.Normal(address).GetAddressBytes().AsSpan();
        if (binding is AddressBinding.Subnet)
            bound = bound[..(bound.Length == 4 ? SubnetBytesV4 : ClientNetwork.BytesV6)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([(byte)binding, .. Encoding.ASCII.GetBytes(session.Value), .. bound], hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}

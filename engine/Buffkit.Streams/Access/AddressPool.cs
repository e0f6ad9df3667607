using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>
/// Who shares what an address may take: the strangers behind it, or those behind it who are known. Behind a shared address (NAT)
/// strangers thus never use up what is the others'.
/// </summary>
internal static class AddressPool
{
    public static string Of(HttpContext http, bool isKnown)
    {
        var network = ClientNetwork.Of(http.Connection.RemoteIpAddress);
        return isKnown ? $"known {network}" : network;
    }
}

using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>Whether what goes to a server and back can be read on its way.</summary>
internal static class Transport
{
    public static HealthCheckResult Judge(string host, bool isEncrypted, string toDo) =>
        isEncrypted ? Finding.Ok("The connection is encrypted.")
        : IsThisMachine(host) ? Finding.Ok("The connection is not encrypted, and does not leave this machine.")
        : Finding.Warning($"The connection to {host} is not encrypted: whoever is on the way reads data and, with some logins, the password.", toDo);

    /// <summary>Loopback addresses, names that no name server gives to others (RFC 6761, section 6.3), and sockets in the file system.</summary>
    public static bool IsThisMachine(string hosts) => hosts.Split(',', StringSplitOptions.TrimEntries).All(host =>
        host.StartsWith('/') || host.StartsWith('@')
        || string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)));
}

using System.Net.Sockets;

namespace Buffkit.Benchmarks;

/// <summary>What a network that fails looks like to who calls.</summary>
internal static class ChaosNetwork
{
    /// <summary>Whether a call failed by the network or a time limit of its own, and not because the caller gave up.</summary>
    public static bool IsFailure(Exception e, CancellationToken callers) =>
        e is HttpRequestException or SocketException or IOException || (e is OperationCanceledException && !callers.IsCancellationRequested);
}

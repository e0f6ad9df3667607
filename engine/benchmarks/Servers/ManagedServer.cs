using System.Diagnostics;
using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;

namespace Buffkit.Benchmarks;

/// <summary>What the two .NET servers have in common.</summary>
internal static class ManagedServer
{
    // Microsoft-Windows-DotNETRuntime's GCHeapCollect: enabling it collects the heap, as dotnet-gcdump does.
    private const long GCHeapCollect = 0x800000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static string Host => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>Production, and quiet: a log line per connection would be measured instead.</summary>
    public static void Prepare(ProcessStartInfo start)
    {
        start.Environment["ASPNETCORE_ENVIRONMENT"] = start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Warning";
    }

    /// <summary>Has a server collect its heap, so that its memory is what it needs and not what it has not swept up yet.</summary>
    public static async Task CollectAsync(int process, CancellationToken cancellationToken)
    {
        var client = new DiagnosticsClient(process);
        var provider = new EventPipeProvider("Microsoft-Windows-DotNETRuntime", EventLevel.Informational, GCHeapCollect);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var session = await client.StartEventPipeSessionAsync([provider], requestRundown: false, token: patience.Token);
        var drained = session.EventStream.CopyToAsync(Stream.Null, patience.Token);
        await session.StopAsync(patience.Token);
        await drained;
    }
}

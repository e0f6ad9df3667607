using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>The plain ASP.NET Core server of <see cref="PlainServerCommand"/>, as a process.</summary>
internal sealed class PlainServer : ServerKind
{
    public override string Name => "plain";

    public override async Task<ServerProcess> StartAsync(int connections, CancellationToken cancellationToken)
    {
        var address = ServerProcess.FreeAddress();
        var start = new ProcessStartInfo(ManagedServer.Host)
        {
            ArgumentList = { typeof(PlainServer).Assembly.Location, PlainServerCommand.Name, PlainServerCommand.Port, $"{address.Port}" },
            // What Microsoft.NET.Sdk.Web, with which such a server would be built, sets for a server.
            Environment = { ["DOTNET_gcServer"] = "1" },
        };
        ManagedServer.Prepare(start);
        var target = new JsonTarget(Name, address, PlainServerCommand.Path, "load/all");
        return await ServerProcess.StartAsync(start, target, isManaged: true, directory: null, cancellationToken);
    }
}

using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>This API as it is deployed: a process of its own, Production, log in memory.</summary>
/// <param name="settings">Configuration besides the defaults, as <c>Key=value</c>.</param>
internal sealed class ApiServer(IReadOnlyList<string> settings) : ServerKind
{
    // A benchmark is one client from few addresses, which is what these limits are there to refuse, and nobody's in particular.
    // Those that a version does not know are ignored.
    public static readonly string[] Unguarded =
    [
        "Streams:Authorization:Default=Open",
        "Streams:Limits:Connections=0",
        "Streams:Limits:ConnectionsPerAddress=0",
        "Streams:Limits:ConnectionsPerSession=0",
        "Streams:Limits:ConnectsPerMinute=0",
        "Streams:Limits:ConnectsPerMinutePerAddress=0",
        "Streams:Limits:PublishesPerSecond=0",
        "Streams:Limits:PublishesPerSecondPerAddress=0",
        // As the other servers have theirs; what a log in a database costs, the command history measures.
        "Streams:History:Enabled=false",
    ];

    private static readonly string Program = Path.ChangeExtension(typeof(Buffkit.Api.Order).Assembly.Location, ".dll");

    public override string Name => "api";

    public override async Task<ServerProcess> StartAsync(int connections, CancellationToken cancellationToken)
    {
        var address = ServerProcess.FreeAddress();
        // Its own content root, so that a database or key file of an earlier run plays no part.
        var directory = Directory.CreateTempSubdirectory("bench-api-");
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(Program)!, "appsettings*.json"))
            File.Copy(file, Path.Combine(directory.FullName, Path.GetFileName(file)));

        var start = new ProcessStartInfo(ManagedServer.Host)
        {
            ArgumentList = { Program, "--urls", $"http://{address}", "--contentRoot", directory.FullName },
        };
        foreach (var setting in (string[])[.. Unguarded, .. settings])
            start.ArgumentList.Add("--" + setting);
        ManagedServer.Prepare(start);
        var target = new JsonTarget(Name, address, "/events", "load/all");
        return await ServerProcess.StartAsync(start, target, isManaged: true, directory, cancellationToken);
    }
}

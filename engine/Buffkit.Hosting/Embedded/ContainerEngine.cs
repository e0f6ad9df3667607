using System.ComponentModel;
using Microsoft.Extensions.Configuration;

namespace Buffkit.Hosting;

/// <summary>Finds out whether containers can be run here.</summary>
internal static class ContainerEngine
{
    // An engine that sleeps needs a moment; one that hangs must not hang the start.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static async Task<bool> AnswersAsync(IConfiguration configuration)
    {
        // The variable by which Aspire itself is told which engine to use.
        var chosen = configuration["ASPIRE_CONTAINER_RUNTIME"] ?? configuration["DOTNET_ASPIRE_CONTAINER_RUNTIME"];
        string[] candidates = chosen is { Length: > 0 } ? [chosen] : ["docker", "podman"];
        foreach (var engine in candidates)
        {
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                // The version succeeds without an engine; the list of containers does not.
                var (exitCode, _, _) = await CommandLine.RunAsync(engine, ["ps", "--quiet"], patience.Token);
                if (exitCode == 0)
                {
                    return true;
                }
            }
            catch (Exception e) when (e is Win32Exception or OperationCanceledException)
            {
                // Not installed, or not answering: the next one.
            }
        }

        return false;
    }
}

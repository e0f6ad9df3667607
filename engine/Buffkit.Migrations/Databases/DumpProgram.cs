using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Buffkit.Migrations;

/// <summary>A program of a server's makers that writes a schema as SQL.</summary>
/// <param name="name">As it is called.</param>
/// <param name="howToGet">Sentences for whoever does not have it, or has an old one.</param>
internal sealed class DumpProgram(string name, string howToGet)
{
    /// <summary>Of what the program said, so much is passed on.</summary>
    private const int LongestError = 2000;

    /// <summary>Runs it.</summary>
    /// <param name="arguments">Visible to everybody on the machine: nothing secret.</param>
    /// <param name="environment">Passwords among it; what is <see langword="null"/> is left out.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>What it wrote.</returns>
    /// <exception cref="MigrationConfigurationException">There is no such program.</exception>
    /// <exception cref="MigrationFailedException">It failed.</exception>
    public async Task<string> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (key, value) in environment.Where(variable => !string.IsNullOrEmpty(variable.Value)))
        {
            start.Environment[key] = value;
        }

        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            await Task.WhenAll(output, error);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0 ? await output : throw Failure(process.ExitCode, (await error).Trim());
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new MigrationConfigurationException($"'dump' needs the program {name}, which cannot be started here: {e.Message}. {howToGet}", e);
        }
    }

    private MigrationFailedException Failure(int exitCode, string error)
    {
        var said = error.Length <= LongestError ? error : error[..LongestError];
        // A server that is newer than the program is the one failure that another installation mends.
        var remedy = said.Contains("version mismatch", StringComparison.OrdinalIgnoreCase) ? " " + howToGet : "";
        return new MigrationFailedException($"{name} ended with {exitCode}: {said}{remedy}");
    }
}

using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>The limit of open files. The runtime raises the soft limit to the hard one at start; the hard one is the user's.</summary>
internal static class OpenFiles
{
    // Runtime, assemblies, pipes to servers.
    private const int Besides = 300;

    /// <summary>Fails, saying what to do, where so many sockets cannot be open.</summary>
    public static void Require(int sockets)
    {
        var limit = Limit();
        if (sockets + Besides > limit)
        {
            throw new CannotMeasureException(
                $"{sockets} connections need {sockets + Besides} open files; this process may have {limit}. "
                + $"Raise the limit and run again: 'ulimit -n {sockets + Besides}', or as root 'prlimit --pid $$ --nofile={sockets + Besides}:{sockets + Besides}'.");
        }
    }

    private static long Limit()
    {
        var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return soft == "unlimited" ? long.MaxValue : long.Parse(soft, CultureInfo.InvariantCulture);
    }
}

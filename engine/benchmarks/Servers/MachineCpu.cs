using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>What the whole machine does, so that a measurement can say how alone it was.</summary>
internal static class MachineCpu
{
    // USER_HZ, as in ProcessTree.
    private const double TicksPerSecond = 100;

    /// <summary>Processor time spent so far on anything but waiting, of all processors.</summary>
    public static TimeSpan BusyTime()
    {
        // user nice system idle iowait irq softirq steal, then guests, which user has already (proc(5)).
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9];
        var ticks = fields.Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return TimeSpan.FromSeconds((ticks.Sum() - ticks[3] - ticks[4]) / TicksPerSecond);
    }
}

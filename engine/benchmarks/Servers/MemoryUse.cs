using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>Memory of processes.</summary>
/// <param name="Resident">RSS in bytes; pages that several processes share count in each.</param>
/// <param name="Proportional">PSS in bytes; a shared page is divided among its users, so a sum over processes is true.</param>
internal readonly record struct MemoryUse(long Resident, long Proportional)
{
    public static MemoryUse operator +(MemoryUse a, MemoryUse b) =>
        new(a.Resident + b.Resident, a.Proportional + b.Proportional);

    /// <summary>Memory of one process; nothing where it has ended.</summary>
    public static MemoryUse Of(int process)
    {
        try
        {
            var lines = File.ReadAllLines($"/proc/{process}/smaps_rollup");
            return new MemoryUse(Bytes(lines, "Rss:"), Bytes(lines, "Pss:"));
        }
        catch (IOException)
        {
            return default;
        }
        catch (UnauthorizedAccessException)
        {
            throw new CannotMeasureException($"The memory of process {process} is not this user's to see; run as its user.");
        }
    }

    private static long Bytes(string[] lines, string name)
    {
        var line = lines.First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

using System.Globalization;

namespace Buffkit.Benchmarks;

/// <summary>A process and its descendants, as <c>/proc</c> shows them: nginx serves in workers, not in the process one starts.</summary>
internal sealed class ProcessTree(int root)
{
    // sysconf(_SC_CLK_TCK), 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    public int Root => root;

    /// <summary>User and system time so far, of all that live.</summary>
    public TimeSpan CpuTime() => TimeSpan.FromSeconds(Members().Sum(member => member.CpuTicks) / TicksPerSecond);

    /// <summary>Memory now.</summary>
    public MemoryUse Memory() => Members().Aggregate(default(MemoryUse), (sum, member) => sum + MemoryUse.Of(member.Id));

    private List<Member> Members()
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id) ? Member.Read(id) : null)
            .OfType<Member>()
            .ToLookup(member => member.Parent);
        var found = new List<Member>();
        if (Member.Read(root) is { } first)
            found.Add(first);
        for (var i = 0; i < found.Count; i++)
            found.AddRange(all[found[i].Id]);
        return found;
    }

    private sealed record Member(int Id, int Parent, long CpuTicks)
    {
        public static Member? Read(int id)
        {
            try
            {
                // The name in brackets may hold spaces and brackets; the fields after it do not (proc(5)).
                var stat = File.ReadAllText($"/proc/{id}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return new Member(
                    id,
                    int.Parse(fields[1], CultureInfo.InvariantCulture),
                    long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // It ended between the listing and the look.
                return null;
            }
        }
    }
}

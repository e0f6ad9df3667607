using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Sql;

/// <summary>How many events outlive the log, and how well: section <c>Streams:History</c>.</summary>
public sealed class HistoryOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Streams:History";

    /// <summary>Seven days: a device that was switched off over a holiday week has lost nothing.</summary>
    public static readonly TimeSpan DefaultMaxAge = TimeSpan.FromDays(7);

    /// <summary>Five seconds: longer than a busy database hesitates, and short enough that the next one goes on soon after a crash.</summary>
    public static readonly TimeSpan DefaultLease = TimeSpan.FromSeconds(5);

    /// <summary>Four: a crowd that comes back must not take the connections that requests need.</summary>
    public const int DefaultReaders = 4;

    /// <summary>Whether events are kept in the database. Without it a server that runs alone has its log in memory, and a restart begins a new epoch.</summary>
    /// <value>Default true.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>How long an event is kept; zero means for ever.</summary>
    /// <value>Default seven days.</value>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan MaxAge { get; set; } = DefaultMaxAge;

    /// <summary>Events that are kept of the log's present epoch, the newest; zero means without limit.</summary>
    /// <value>Default 0.</value>
    [Range(0, long.MaxValue)]
    public long MaxEvents { get; set; }

    /// <summary>What an event that was accepted survives, on a server that runs alone.</summary>
    /// <value>Default <see cref="HistoryDurability.Disk"/>.</value>
    public HistoryDurability Durability { get; set; } = HistoryDurability.Disk;

    /// <summary>A server that has not been heard of for so long gives its turn to write to another, 1 second to 5 minutes.</summary>
    /// <value>Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = DefaultLease;

    /// <summary>Pages that a server reads from the database at the same time, 1 to 100.</summary>
    /// <value>Default 4.</value>
    [Range(1, 100)]
    public int Readers { get; set; } = DefaultReaders;
}

/// <summary>What an event that was accepted survives.</summary>
public enum HistoryDurability
{
    /// <summary>Also a power failure: it is accepted once it is on the disk.</summary>
    Disk,

    /// <summary>
    /// The end of the process, however that comes; at the end of the machine the last moments may be lost. Where nobody can tell which
    /// of them it was (all but SQLite on Linux), a start after it begins a new epoch: clients get what is there and a gap.
    /// </summary>
    Process,

    /// <summary>
    /// Accepted at once and written right after: at an ordinary stop nothing is lost; after any other end of the process the last moments
    /// may be, and the next start begins a new epoch: clients get what is there and a gap.
    /// </summary>
    Relaxed,
}

[OptionsValidator]
internal sealed partial class HistoryOptionsValidator : IValidateOptions<HistoryOptions>;

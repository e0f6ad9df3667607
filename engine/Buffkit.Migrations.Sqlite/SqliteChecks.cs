using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations.Sqlite;

/// <summary>What to look at in a SQLite file and the folder that it lies in.</summary>
internal static class SqliteChecks
{
    /// <summary>Beside the database lie its log, the runner's lock and, while one writes, a journal.</summary>
    private const string Trial = ".doctor";

    private const string NoFile = "The database is in memory or an address: there is no file.";

    public static IReadOnlyList<DatabaseCheck> All { get; } =
    [
        new("database folder", (examined, _) => Task.FromResult(FolderOf(examined) is { } folder ? Writable(folder) : Finding.Ok(NoFile))) { NeedsSession = false },
        new("database file system", (examined, _) => Task.FromResult(FolderOf(examined) is { } folder ? Local(folder) : Finding.Ok(NoFile))) { NeedsSession = false },
        new("database durability", DurabilityAsync),
    ];

    /// <summary>Whether locks and shared memory, on which SQLite relies, hold in a file system.</summary>
    internal static HealthCheckResult Judge(string format, DriveType type) => type == DriveType.Network || IsRemote(format)
        ? Finding.Failed(
            $"The file lies on a network file system ({format}): its locks do not hold, and the database may be broken by two programs at once.",
            "Put it on a disk of this machine, or use PostgreSQL or MySQL.")
        : Finding.Ok($"The file lies on this machine ({format}).");

    // What .NET takes for a disk, or does not know. 9p and virtiofs are how containers and virtual machines see folders of their host.
    private static bool IsRemote(string format) =>
        format is "9p" or "afs" or "ceph" or "lustre" or "ncpfs" || format.StartsWith("nfs", StringComparison.Ordinal)
        || format.StartsWith("smb", StringComparison.Ordinal) || format is "cifs" or "fuse.sshfs" or "fuse.s3fs" or "fuse.glusterfs";

    private static HealthCheckResult Writable(string folder)
    {
        var existing = Existing(folder);
        var trial = Path.Combine(existing, $"{Trial}-{Guid.NewGuid():N}");
        try
        {
            using var file = new FileStream(trial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Failed(
                $"Nothing can be written into {existing}: {e.Message}",
                $"Let {Environment.UserName} write there: beside the database lie its log and the runner's lock. In a container give it a volume.",
                e);
        }

        return existing == folder ? Finding.Ok($"{folder} can be written.") : Finding.Ok($"{folder} is not there yet, and can be made.");
    }

    private static HealthCheckResult Local(string folder)
    {
        try
        {
            var drive = new DriveInfo(Existing(folder));
            return Judge(drive.DriveFormat, drive.DriveType);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Finding.Warning($"What kind of file system {folder} is on cannot be told: {e.Message}", "Make sure that it is a disk of this machine and no network file system.");
        }
    }

    private static async Task<HealthCheckResult> DurabilityAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var mode = await examined.ValueAsync("PRAGMA journal_mode", cancellation);
        return mode is "wal" or "memory"
            ? Finding.Ok($"journal_mode {mode}.")
            : Finding.Warning(
                $"journal_mode {mode}: readers wait for whoever writes.",
                "Nothing, if the API has not opened the file yet: it sets WAL. Else do it by hand: PRAGMA journal_mode = WAL stays set in the file.");
    }

    private static string? FolderOf(ExaminedDatabase examined)
    {
        var settings = new SqliteConnectionStringBuilder(examined.Options.ConnectionString);
        return SqliteFile.IsFile(settings) && settings.DataSource.Length > 0 ? Path.GetDirectoryName(Path.GetFullPath(settings.DataSource)) : null;
    }

    /// <summary>The folder, or the nearest above it that is there.</summary>
    private static string Existing(string folder)
    {
        while (!Directory.Exists(folder) && !File.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
        {
            folder = above;
        }

        return folder;
    }
}

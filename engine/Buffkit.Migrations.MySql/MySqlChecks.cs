using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>What to look at in a MySQL server.</summary>
internal static class MySqlChecks
{
    /// <summary>Before it a statement of DDL that a crash interrupts may leave a part of its effect.</summary>
    private static readonly Version AtomicDdl = new(8, 0, 21);

    private static readonly Version Oldest = new(8, 0);

    /// <summary>A page of history and a batch of the outbox are a few megabytes at most; a statement of a migration may be larger.</summary>
    private const long SmallestPacket = 16 << 20;

    public static IReadOnlyList<DatabaseCheck> All { get; } =
    [
        new("database version", VersionAsync),
        ServerClock.Check("SELECT UNIX_TIMESTAMP(SYSDATE(6))"),
        new("database time zone", TimeZoneAsync),
        new("database transport", TransportAsync),
        new("database durability", DurabilityAsync),
        new("database connections", ConnectionsAsync),
        new("database limits", LimitsAsync),
    ];

    private static Task<HealthCheckResult> VersionAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var text = examined.Database.JournalSession.ServerVersion;
        return Task.FromResult(Judge(text));
    }

    internal static HealthCheckResult Judge(string text)
    {
        if (text.Contains("MariaDB", StringComparison.OrdinalIgnoreCase))
        {
            return Finding.Warning(
                $"MariaDB ({text}) is not MySQL, and is not tested.",
                "Use MySQL 8 or later. On MariaDB a migration that a crash interrupts ends with a question to you.");
        }

        var version = Version.TryParse(text.Split('-', '+')[0], out var parsed) ? parsed : null;
        return version is null ? Finding.Warning($"MySQL {text}: the version cannot be read.", $"Make sure that it is MySQL {Oldest} or later.")
            : version < Oldest ? Finding.Failed($"MySQL {text} is older than {Oldest}, the oldest that is supported.", $"Upgrade the server to MySQL {Oldest} or later.")
            : version < AtomicDdl ? Finding.Warning($"MySQL {text} is older than {AtomicDdl}: a migration that a crash interrupts ends with a question to you.", $"Upgrade the server to MySQL {AtomicDdl} or later.")
            : Finding.Ok($"MySQL {text}.");
    }

    private static async Task<HealthCheckResult> TimeZoneAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var settings = await VariablesAsync(examined, "SESSION", "'time_zone', 'system_time_zone'", cancellation);
        var zone = settings["time_zone"] == "SYSTEM" ? settings["system_time_zone"] : settings["time_zone"];
        return zone is "UTC" or "+00:00" or "GMT" or "Etc/UTC"
            ? Finding.Ok($"The session's time zone is {zone}.")
            : Finding.Warning(
                $"The session's time zone is {zone}. The engine writes UTC by itself; CURRENT_TIMESTAMP in columns of yours is local time.",
                "Set default_time_zone = '+00:00' on the server, unless local times are meant.");
    }

    private static async Task<HealthCheckResult> TransportAsync(ExaminedDatabase examined, CancellationToken cancellation) => Transport.Judge(
        Settings(examined).Server,
        (await examined.PairsAsync("SHOW SESSION STATUS LIKE 'Ssl_cipher'", cancellation)).Values.Any(cipher => cipher.Length > 0),
        "Give the server a certificate, and set SslMode=VerifyFull in the connection string.");

    private static async Task<HealthCheckResult> DurabilityAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var settings = await VariablesAsync(examined, "GLOBAL", "'innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'log_bin', 'sync_binlog'", cancellation);
        var wrong = new List<(bool IsFailure, string ToDo)>();
        if (settings.GetValueOrDefault("innodb_flush_log_at_trx_commit") is not (null or "1"))
        {
            wrong.Add((false, "Set innodb_flush_log_at_trx_commit = 1: events and orders of the last second before a crash are lost, though they were answered."));
        }

        if (settings.GetValueOrDefault("innodb_doublewrite") is "OFF")
        {
            wrong.Add((false, "Set innodb_doublewrite = ON, unless the file system writes pages whole."));
        }

        if (settings.GetValueOrDefault("log_bin") is "ON" && settings.GetValueOrDefault("sync_binlog") is not (null or "1"))
        {
            wrong.Add((false, "Set sync_binlog = 1: after a crash replicas and restored backups may lack what was committed last."));
        }

        return Finding.Of(string.Join(", ", settings.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key} {one.Value}")) + ".", wrong);
    }

    private static async Task<HealthCheckResult> ConnectionsAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var settings = await VariablesAsync(examined, "SESSION", "'max_connections', 'max_user_connections'", cancellation);
        var used = await examined.PairsAsync("SHOW GLOBAL STATUS LIKE 'Threads_connected'", cancellation);
        // 0 means no limit of the login's own.
        var own = Number("max_user_connections") is > 0 and var limit ? limit : long.MaxValue;
        return ConnectionRoom.Judge(Number("max_connections"), long.Parse(used.Values.Single(), CultureInfo.InvariantCulture), own, Settings(examined) is { Pooling: true } pooled ? pooled.MaximumPoolSize : 0);

        long Number(string name) => long.Parse(settings[name], CultureInfo.InvariantCulture);
    }

    private static async Task<HealthCheckResult> LimitsAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var settings = await VariablesAsync(examined, "GLOBAL", "'max_allowed_packet', 'wait_timeout'", cancellation);
        var (packet, idle) = (Number("max_allowed_packet"), Number("wait_timeout"));
        var pooled = Settings(examined).ConnectionIdleTimeout;
        var wrong = new List<(bool IsFailure, string ToDo)>();
        if (packet < SmallestPacket)
        {
            wrong.Add((false, $"Set max_allowed_packet to {SmallestPacket} or more: the server cuts the connection at a larger statement."));
        }

        if (Settings(examined).Pooling && (idle < pooled || pooled == 0))
        {
            wrong.Add((false, $"Set wait_timeout to {pooled} or more, or ConnectionIdleTimeout in the connection string to less: the server cuts connections that a pool still takes for good."));
        }

        return Finding.Of($"max_allowed_packet {packet}, wait_timeout {idle} s; a pool keeps idle connections for {(pooled == 0 ? "ever" : $"{pooled} s")}.", wrong);

        long Number(string name) => long.Parse(settings[name], CultureInfo.InvariantCulture);
    }

    private static Task<IReadOnlyDictionary<string, string>> VariablesAsync(ExaminedDatabase examined, string scope, string names, CancellationToken cancellation) =>
        examined.PairsAsync($"SHOW {scope} VARIABLES WHERE Variable_name IN ({names})", cancellation);

    private static MySqlConnectionStringBuilder Settings(ExaminedDatabase examined) => new(examined.Options.ConnectionString);
}

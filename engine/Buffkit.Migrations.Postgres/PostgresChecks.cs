using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>What to look at in a PostgreSQL server.</summary>
internal static class PostgresChecks
{
    /// <summary>The oldest that the tests and the README know.</summary>
    private const int OldestMajor = 15;

    /// <summary>A transaction of the runner is idle between two of its statements, for moments.</summary>
    private const double ShortestIdleSeconds = 10;

    public static IReadOnlyList<DatabaseCheck> All { get; } =
    [
        new("database version", VersionAsync),
        ServerClock.Check("SELECT extract(epoch FROM clock_timestamp())"),
        new("database transport", TransportAsync),
        new("database durability", DurabilityAsync),
        new("database connections", ConnectionsAsync),
        new("database timeouts", TimeoutsAsync),
    ];

    private static Task<HealthCheckResult> VersionAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var version = ((NpgsqlConnection)examined.Database.Session).PostgreSqlVersion;
        return Task.FromResult(version.Major >= OldestMajor
            ? Finding.Ok($"PostgreSQL {version}.")
            : Finding.Failed($"PostgreSQL {version} is older than {OldestMajor}, the oldest that is supported.", $"Upgrade the server to PostgreSQL {OldestMajor} or later."));
    }

    private static async Task<HealthCheckResult> TransportAsync(ExaminedDatabase examined, CancellationToken cancellation) => Transport.Judge(
        Settings(examined).Host ?? "",
        await examined.ValueAsync("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", cancellation) == "True",
        "Set ssl = on with a certificate on the server, and SSL Mode=VerifyFull in the connection string.");

    private static async Task<HealthCheckResult> DurabilityAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var settings = await SettingsAsync(examined, "'fsync', 'full_page_writes', 'synchronous_commit'", cancellation);
        var wrong = new List<(bool IsFailure, string ToDo)>();
        if (settings["fsync"] == "off")
        {
            wrong.Add((true, "Set fsync = on: after a crash of the machine the database may be broken beyond repair."));
        }

        if (settings["full_page_writes"] == "off")
        {
            wrong.Add((false, "Set full_page_writes = on, unless the file system writes pages whole."));
        }

        if (settings["synchronous_commit"] == "off")
        {
            wrong.Add((false, "Set synchronous_commit = on for the database and the login: events and orders of the last moments before a crash are lost, though they were answered."));
        }

        return Finding.Of(Listed(settings), wrong);
    }

    private static async Task<HealthCheckResult> ConnectionsAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var numbers = await examined.PairsAsync(
            """
            SELECT 'most', (SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END) FROM pg_settings
                WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections'))
            UNION ALL SELECT 'used', (SELECT sum(numbackends) FROM pg_stat_database)
            UNION ALL SELECT 'login', (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user)
            UNION ALL SELECT 'database', (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
            """,
            cancellation);
        // -1 means no limit of its own.
        var own = new[] { Number("login"), Number("database") }.Select(limit => limit < 0 ? long.MaxValue : limit).Min();
        return ConnectionRoom.Judge(Number("most"), Number("used"), own, Settings(examined) is { Pooling: true } settings ? settings.MaxPoolSize : 0);

        long Number(string name) => long.Parse(numbers[name], CultureInfo.InvariantCulture);
    }

    private static async Task<HealthCheckResult> TimeoutsAsync(ExaminedDatabase examined, CancellationToken cancellation)
    {
        var settings = await SettingsAsync(
            examined, "'statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'", cancellation);
        var wrong = new List<(bool IsFailure, string ToDo)>();
        foreach (var name in (string[])["statement_timeout", "transaction_timeout"])
        {
            if (SecondsOf(settings, name) > 0)
            {
                wrong.Add((false, $"Set {name} = 0 for the login that migrates (ALTER ROLE … SET): it ends long migrations. A script that shall have a limit says -- statement-timeout."));
            }
        }

        if (SecondsOf(settings, "idle_in_transaction_session_timeout") is > 0 and < ShortestIdleSeconds)
        {
            wrong.Add((false, $"Set idle_in_transaction_session_timeout to {ShortestIdleSeconds} s or more: it may cut a migration between two statements."));
        }

        if (SecondsOf(settings, "idle_session_timeout") > 0)
        {
            wrong.Add((false, "Set idle_session_timeout = 0 for the API's login: it cuts pooled connections, and the one that waits for notifications of the outbox."));
        }

        return Finding.Of(
            wrong.Count == 0 ? "No setting of this login cuts a migration." : string.Join(", ", settings.Where(one => one.Value != "0").Select(one => $"{one.Key} {one.Value} ms")) + ".", wrong);
    }

    private static double SecondsOf(IReadOnlyDictionary<string, string> settings, string name) =>
        settings.TryGetValue(name, out var milliseconds) ? double.Parse(milliseconds, CultureInfo.InvariantCulture) / 1000 : 0;

    private static Task<IReadOnlyDictionary<string, string>> SettingsAsync(ExaminedDatabase examined, string names, CancellationToken cancellation) =>
        examined.PairsAsync($"SELECT name, setting FROM pg_settings WHERE name IN ({names}) ORDER BY name", cancellation);

    private static string Listed(IReadOnlyDictionary<string, string> settings) =>
        string.Join(", ", settings.Select(one => $"{one.Key} {one.Value}")) + ".";

    private static NpgsqlConnectionStringBuilder Settings(ExaminedDatabase examined) => new(examined.Options.ConnectionString);
}

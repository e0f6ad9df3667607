using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>How far a server's clock is from this machine's.</summary>
internal static class ServerClock
{
    /// <summary>Machines that keep time are closer; leases of the history and the outbox, 5 seconds by default, begin to suffer beyond.</summary>
    private static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(2);

    /// <summary>Beyond the grace of a replaced session token (30 seconds) tokens are judged wrongly.</summary>
    private static readonly TimeSpan Harmful = TimeSpan.FromSeconds(30);

    /// <param name="sql">Asks the server for its time, in seconds since 1970.</param>
    public static DatabaseCheck Check(string sql) => new("database clock", async (examined, cancellation) =>
    {
        var time = examined.Services.Time;
        var (asked, began) = (time.GetUtcNow(), time.GetTimestamp());
        var answer = double.Parse((await examined.ValueAsync(sql, cancellation))!, CultureInfo.InvariantCulture);
        var travel = time.GetElapsedTime(began);
        return Judge(DateTimeOffset.UnixEpoch.AddSeconds(answer) - (asked + (travel / 2)), travel);
    });

    private static HealthCheckResult Judge(TimeSpan ahead, TimeSpan travel)
    {
        // The answer was given at some moment of its travel.
        var surely = ahead.Duration() - (travel / 2);
        if (surely <= Tolerated)
        {
            return Finding.Ok($"The server's clock and this machine's agree within {Seconds(ahead.Duration() + (travel / 2))} s.");
        }

        var found = $"The server's clock is {Seconds(ahead.Duration())} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.";
        const string ToDo = "Let both keep time by NTP (chrony, systemd-timesyncd): times in the journal, leases and ends of sessions are misjudged.";
        return surely > Harmful ? Finding.Failed(found, ToDo) : Finding.Warning(found, ToDo);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0##", CultureInfo.InvariantCulture);
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>
/// Whether the database has all migrations that this program brings: one that is started before its migrations were run is not ready yet.
/// What only the database knows, such as the migrations of a newer version, is no reason.
/// </summary>
internal sealed class SchemaHealthCheck(MigrationRunner migrations, TimeProvider time) : IHealthCheck
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    public const string Name = "schema";

    // What was applied stays, unless a person takes it back: probes come every few seconds and need not all ask.
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    private long _upToDateAt;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var at = Interlocked.Read(ref _upToDateAt);
        if (at != 0 && time.GetElapsedTime(at) < Lasts)
            return Healthy();
        try
        {
            var status = await migrations.StatusAsync(cancellationToken).ConfigureAwait(false);
            // Of a repeatable one the newer version's may be there already, while this older one still serves.
            var pending = status.Migrations.Count(migration => migration.HasFile && migration.Version is not null && !migration.State.IsApplied());
            if (pending > 0)
            {
                return new HealthCheckResult(
                    context.Registration.FailureStatus,
                    status.Runner is null ? "The database lacks migrations of this version: run the migration service." : "Migrations are being applied.",
                    data: new Dictionary<string, object> { ["pending"] = pending });
            }

            Interlocked.Exchange(ref _upToDateAt, time.GetTimestamp());
            return Healthy();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Of any kind: whether the schema is behind is not known, and no reason to turn clients away. The database's own check says whether it answers.
            return HealthCheckResult.Degraded("How far the schema is cannot be read.", e);
        }
    }

    private static HealthCheckResult Healthy() => HealthCheckResult.Healthy(data: new Dictionary<string, object> { ["pending"] = 0 });
}

using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>
/// Whether the database has the migrations that this program brings: one that is started before they were run is not ready yet. What only
/// the database knows, such as the migrations of a newer version, is no reason; nor is a repeatable one that the newer version has run in
/// another wording.
/// </summary>
/// <remarks>It asks by itself, whoever probes: reading the scripts and opening a session of its own would take a probe too long.</remarks>
internal sealed partial class SchemaHealth(MigrationRunner migrations, TimeProvider time, ILogger<SchemaHealth> logger) : BackgroundService, IHealthCheck
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    public const string Name = "schema";

    // What was applied stays, unless a person takes it back; what is not will be soon.
    private static readonly TimeSpan PauseWhenWell = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PauseOtherwise = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // The first probe is to be answered with what is so; a database that is away must not keep the program from starting.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(3);

    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Answer? _answer;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAny(_asked.Task, Task.Delay(StartPatience, time, cancellationToken)).ConfigureAwait(false);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var failure = context.Registration.FailureStatus;
        return Task.FromResult(_answer switch
        {
            null => new HealthCheckResult(failure, "How far the schema is was not read yet."),
            // No reason to turn clients away. The database's own check says whether it answers.
            { Pending: null } answer => HealthCheckResult.Degraded("How far the schema is cannot be read.", answer.Failure),
            { Pending: 0 } => HealthCheckResult.Healthy(data: new Dictionary<string, object> { ["pending"] = 0 }),
            { Pending: { } pending } => new HealthCheckResult(
                failure,
                "The database lacks migrations of this version: run the migration service, or wait where it runs.",
                data: new Dictionary<string, object> { ["pending"] = pending }),
        });
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var answer = await AskAsync(stoppingToken).ConfigureAwait(false);
                Tell(answer);
                _answer = answer;
                _asked.TrySetResult();
                await Task.Delay(answer.Pending is 0 ? PauseWhenWell : PauseOtherwise, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program stops.
        }
    }

    private async Task<Answer> AskAsync(CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            var status = await migrations.StatusAsync(either.Token).ConfigureAwait(false);
            return new Answer(status.Migrations.Count(IsMissing), null);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            return new Answer(null, e);
        }
    }

    private static bool IsMissing(MigrationStatusEntry migration) =>
        migration.HasFile && !migration.State.IsApplied() && (migration.Version is not null || migration.AppliedAt is null);

    // Once each time that it changes.
    private void Tell(Answer answer)
    {
        if (_answer is { } before && before.Pending == answer.Pending)
            return;
        switch (answer.Pending)
        {
            case null:
                Log.Unknown(logger, answer.Failure!);
                break;
            case > 0 and { } pending:
                Log.Behind(logger, pending);
                break;
            default:
                if (_answer is not null)
                    Log.UpToDate(logger);
                break;
        }
    }

    /// <param name="Pending">How many migrations the database lacks; nothing where that is not known.</param>
    /// <param name="Failure">Why it is not known.</param>
    private sealed record Answer(int? Pending, Exception? Failure);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The database lacks {Pending} migrations of this version. Until they are applied this program is not ready for clients.")]
        public static partial void Behind(ILogger logger, int pending);

        [LoggerMessage(2, LogLevel.Information, "The database has all migrations of this version.")]
        public static partial void UpToDate(ILogger logger);

        [LoggerMessage(3, LogLevel.Warning, "How far the schema is cannot be read; it is tried again. Where this program's login may not, turn the check off.")]
        public static partial void Unknown(ILogger logger, Exception e);
    }
}

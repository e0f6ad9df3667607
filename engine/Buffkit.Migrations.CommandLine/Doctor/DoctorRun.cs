using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Looks at one thing after the other. None holds up the others for longer than its time, or hides them.</summary>
/// <param name="services">The host's services, with the checks that the application registered.</param>
/// <param name="own">The checks that come first.</param>
internal sealed class DoctorRun(IServiceProvider services, IReadOnlyList<HealthCheckRegistration> own)
{
    /// <summary>Begins the tag that names a check without which this one says nothing.</summary>
    private const string Needs = "needs:";

    /// <summary>The key of what to do, in a result's data.</summary>
    private const string ToDo = "do";

    /// <summary>For a check that names no time of its own.</summary>
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly Secrets _secrets = new(services.GetRequiredService<IConfiguration>());

    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(CancellationToken cancellation)
    {
        var registered = services.GetService<IOptions<HealthCheckServiceOptions>>()?.Value.Registrations ?? [];
        var results = new List<CheckResult>();
        foreach (var check in own.Concat(registered.Where(check => check.Tags.Contains(MigrationCommandLine.DoctorTag))))
        {
            var needed = check.Tags.Where(tag => tag.StartsWith(Needs, StringComparison.Ordinal)).Select(tag => tag[Needs.Length..]);
            results.Add(results.Find(result => needed.Contains(result.Name) && result.State is CheckState.Failed or CheckState.Skipped) is { } missing
                ? new CheckResult(check.Name, CheckState.Skipped, $"Not looked at, since '{missing.Name}' failed.", null, TimeSpan.Zero) { Needs = missing.Name }
                : await LookAsync(check, cancellation));
        }

        return results;
    }

    private async Task<CheckResult> LookAsync(HealthCheckRegistration check, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        var patience = check.Timeout == Timeout.InfiniteTimeSpan ? DefaultPatience : check.Timeout;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        either.CancelAfter(patience);
        HealthCheckResult result;
        try
        {
            // On a thread of its own, and left when its time is over: drivers that look at their token do not do so everywhere, and
            // SQLite's never does.
            result = await Task.Run(() => CheckAsync(check, either.Token), CancellationToken.None).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return Result(CheckState.Failed, $"No answer within {patience.TotalSeconds:0.#} s.", "See whether the server is there and not overloaded, and whether the network lets this machine through.");
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            return Result(CheckState.Failed, $"It could not be looked at. {e.GetType().Name}: {e.Message}", "Mend what the message names; the other checks are not touched by it.");
        }

        var state = result.Status switch
        {
            HealthStatus.Healthy => CheckState.Ok,
            HealthStatus.Degraded => CheckState.Warning,
            _ => CheckState.Failed,
        };
        return Result(state, result.Description ?? result.Exception?.Message ?? "", result.Data.GetValueOrDefault(ToDo) as string);

        CheckResult Result(CheckState ended, string found, string? toDo) =>
            new(check.Name, ended, _secrets.Hide(found), toDo is null ? null : _secrets.Hide(toDo), TimeProvider.System.GetElapsedTime(began));
    }

    // Each has services of its own, as .NET's health checks have.
    private async Task<HealthCheckResult> CheckAsync(HealthCheckRegistration check, CancellationToken cancellation)
    {
        await using var scope = services.CreateAsyncScope();
        return await check.Factory(scope.ServiceProvider).CheckHealthAsync(new HealthCheckContext { Registration = check }, cancellation);
    }
}

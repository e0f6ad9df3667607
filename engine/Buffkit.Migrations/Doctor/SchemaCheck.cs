using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>What <c>status</c> says, as a finding.</summary>
internal sealed class SchemaCheck(MigrationRunner runner) : IHealthCheck
{
    public const string Name = "schema";

    /// <summary>A few say what is wrong; <c>status</c> and <c>validate</c> list all.</summary>
    private const int Named = 3;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        MigrationStatus status;
        try
        {
            status = await runner.StatusAsync(cancellationToken);
        }
        catch (MigrationException e) when (e is not DatabaseUnavailableException)
        {
            return Finding.Failed($"How far the schema is cannot be read. {e.Message}", "Mend what the message names, then run status.", e);
        }

        return Judge(status);
    }

    private static HealthCheckResult Judge(MigrationStatus status)
    {
        var applied = status.Migrations.Count(migration => migration.State.IsApplied());
        var found = $"{applied} applied, {status.Pending} pending{(status.Runner is { } runner ? $"; a runner is at work: {runner}" : "")}.";
        var wrong = new List<(bool IsFailure, string ToDo)>();
        var halfway = status.Migrations.Where(migration => migration.State.IsHalfway()).ToList();
        if (halfway.Count > 0)
        {
            found += $" Stopped half-way: {Names(halfway.Select(migration => migration.Error is { } error ? $"{migration.Name} ({error})" : migration.Name))}";
            wrong.Add(status.Runner is null
                ? (true, "Mend the cause and run up, which goes on at the right statement; status names it.")
                : (false, "Wait for the runner; status says how far it is."));
        }

        // The lines above have said it, and a missing way down is no harm until one goes down.
        var problems = status.Problems.Where(problem => problem is { IsError: true, Kind: not (ProblemKind.MissingDown or ProblemKind.HalfApplied) }).ToList();
        if (problems.Count > 0)
        {
            found += $" Scripts and journal do not agree: {Names(problems.Select(problem => problem.ToString()))}";
            wrong.Add((true, "Bring the files back as they were applied, or, if a change is meant, run repair; validate lists all."));
        }

        if (status.Migrations.Any(migration => migration.HasFile && !migration.State.IsApplied() && !migration.State.IsHalfway()))
        {
            wrong.Add((false, "Run up before this version serves: until then its servers are not ready."));
        }

        return Finding.Of(found, wrong);
    }

    private static string Names(IEnumerable<string> all)
    {
        var names = all.ToList();
        return string.Join(" ", names.Take(Named).Select(name => name.TrimEnd('.') + ".")) + (names.Count > Named ? $" And {names.Count - Named} more." : "");
    }
}

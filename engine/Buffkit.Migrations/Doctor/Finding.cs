using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations;

/// <summary>What a check found, and what to do about it.</summary>
internal static class Finding
{
    /// <summary>The key of what to do, in a result's data.</summary>
    private const string ToDo = "do";

    public static HealthCheckResult Ok(string found) => HealthCheckResult.Healthy(found);

    public static HealthCheckResult Warning(string found, string toDo) =>
        HealthCheckResult.Degraded(found, data: new Dictionary<string, object> { [ToDo] = toDo });

    public static HealthCheckResult Failed(string found, string toDo, Exception? exception = null) =>
        HealthCheckResult.Unhealthy(found, exception, new Dictionary<string, object> { [ToDo] = toDo });

    /// <summary>The worst of what was found, with all that is to be done; where nothing is wrong, that.</summary>
    /// <param name="found">What is so.</param>
    /// <param name="wrong">What is wrong with it.</param>
    public static HealthCheckResult Of(string found, IReadOnlyCollection<(bool IsFailure, string ToDo)> wrong)
    {
        var toDo = string.Join(" ", wrong.Select(one => one.ToDo));
        return wrong.Count == 0 ? Ok(found) : wrong.Any(one => one.IsFailure) ? Failed(found, toDo) : Warning(found, toDo);
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Streams;

/// <summary>What a check of <c>doctor</c> found, and what to do about it.</summary>
internal static class Finding
{
    /// <summary>The tag of the checks.</summary>
    public const string Tag = "doctor";

    /// <summary>Begins the tag that names a check without which another says nothing.</summary>
    public const string Needs = "needs:";

    private const string ToDo = "do";

    /// <summary>A server that needs longer for a question about itself is not well.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static HealthCheckResult Ok(string found) => HealthCheckResult.Healthy(found);

    public static HealthCheckResult Warning(string found, string toDo) =>
        HealthCheckResult.Degraded(found, data: new Dictionary<string, object> { [ToDo] = toDo });

    public static HealthCheckResult Failed(string found, string toDo, Exception? exception = null) =>
        HealthCheckResult.Unhealthy(found, exception, new Dictionary<string, object> { [ToDo] = toDo });

    /// <summary>The worst of what was found, with all that is to be done.</summary>
    public static HealthCheckResult Of(string found, IReadOnlyCollection<(bool IsFailure, string ToDo)> wrong)
    {
        var toDo = string.Join(" ", wrong.Select(one => one.ToDo));
        return wrong.Count == 0 ? Ok(found) : wrong.Any(one => one.IsFailure) ? Failed(found, toDo) : Warning(found, toDo);
    }
}

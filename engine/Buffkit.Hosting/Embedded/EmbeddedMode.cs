using Buffkit.Hosting;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

/// <summary>
/// Running without containers: one API that keeps the log in memory and its data in a SQLite file. By
/// <c>--embedded</c>, or where no container engine answers.
/// </summary>
public static class EmbeddedMode
{
    private const string Flag = "--embedded";
    private const string Key = "Embedded";

    /// <summary>The flag as configuration; as it is, it would take the next argument as its value.</summary>
    public static string[] ToConfiguration(string[] arguments) =>
        [.. arguments.Select(argument => argument == Flag ? $"--{Key}=true" : argument)];

    /// <summary>Whether to run without containers. A deployment never does.</summary>
    /// <exception cref="InvalidOperationException">The configured value is neither true nor false.</exception>
    public static async Task<bool> IsEmbeddedAsync(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return false;
        }

        if (builder.Configuration.GetValue<bool?>(Key) is { } configured)
        {
            return configured;
        }

        if (await ContainerEngine.AnswersAsync(builder.Configuration))
        {
            return false;
        }

        await Console.Error.WriteLineAsync(
            $"No container engine answers: running without containers, as with {Flag}. "
            + $"Start Docker or Podman for PostgreSQL, MySQL and Redis, or set {Key}=false to wait for them.");
        return true;
    }
}

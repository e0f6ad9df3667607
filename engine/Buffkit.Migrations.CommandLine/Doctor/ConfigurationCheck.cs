using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Whether the configuration that this program sees can be used.</summary>
internal sealed class ConfigurationCheck(IServiceProvider services) : IHealthCheck
{
    public const string Name = "configuration";

    private const string ToDo = "do";

    /// <summary>Sections of a few keys, where another one is a wrong name.</summary>
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Database"] = ["Provider", "CheckSchema"],
        ["Migrations"] = ["Scripts", "LockWait"],
    };

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Look());

    private HealthCheckResult Look()
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var environment = services.GetRequiredService<IHostEnvironment>().EnvironmentName;
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (Exception e) when (e is OptionsValidationException or AggregateException or InvalidOperationException)
        {
            return HealthCheckResult.Unhealthy(
                $"A setting is wrong, and the program would not start: {e.Message}", e, Do("Correct it; docs/configuration.md has the keys and what they may be."));
        }

        var unknown = Known.SelectMany(section => configuration.GetSection(section.Key).GetChildren()
            .Where(key => !section.Value.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
            .Select(key => $"{key.Path} (there are: {string.Join(", ", section.Value)})")).ToList();
        return unknown.Count > 0
            ? HealthCheckResult.Degraded($"Nobody reads {string.Join("; ", unknown)}.", data: Do("Correct the name, or take it away."))
            : HealthCheckResult.Healthy($"Environment {environment}; read from {string.Join(", ", ConfigurationSources.Of(configuration))}.");
    }

    private static Dictionary<string, object> Do(string toDo) => new() { [ToDo] = toDo };
}

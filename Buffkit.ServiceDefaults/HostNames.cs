using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// The names by which the service may be called, <c>AllowedHosts</c>, against DNS rebinding: a page of a stranger's name that
/// comes to resolve to this machine is of one origin with it, so no browser keeps it out. Its name is all that gives it away.
/// </summary>
/// <remarks>
/// The framework's own filter answers other names with 400. In Development it lets in this machine's names and configured ones;
/// elsewhere configured ones and this machine's, or all where nothing is configured, which one warning at start says.
/// </remarks>
internal sealed partial class HostNames(IConfiguration configuration, IHostEnvironment environment, ILogger<HostNames> logger) : IStartupFilter
{
    private const string Key = "AllowedHosts";
    private const string Any = "*";
    private const string ThisMachine = "localhost";

    /// <summary>No name server gives these to a stranger (RFC 6761, section 6.3).</summary>
    private static readonly string[] Loopback = [ThisMachine, "*.localhost", "127.0.0.1", "[::1]"];

    public static void Add(IServiceCollection services)
    {
        services.AddOptions<HostFilteringOptions>().Configure<IConfiguration, IHostEnvironment>((options, configuration, environment) =>
        {
            var configured = Configured(configuration);
            // Left empty, it is what the framework makes of the configuration: all names.
            if (!configured.Contains(Any) && (configured.Length > 0 || environment.IsDevelopment()))
                options.AllowedHosts = [.. configured, .. Loopback];
        });
        // Outermost, before the framework's filter.
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, HostNames>());
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        var configured = Configured(configuration);
        if (configured.Contains(Any) || (configured.Length == 0 && !environment.IsDevelopment()))
            Log.AnyName(logger);
        app.Use((HttpContext context, RequestDelegate following) =>
        {
            // Orchestrators and scrapers call a replica by its address, which nobody can make a name resolve to.
            if (TelemetryPaths.IsProbe(context.Request.Path) && IPAddress.TryParse(context.Request.Host.Host, out _))
                context.Request.Host = new HostString(ThisMachine);
            return following(context);
        });
        next(app);
    };

    private static string[] Configured(IConfiguration configuration) =>
        configuration[Key]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "Requests are answered whatever name they call this server by. Set AllowedHosts to its names ('shop.example;*.shop.example'), or a page of another name that resolves to its address reads what it answers (DNS rebinding).")]
        public static partial void AnyName(ILogger logger);
    }
}

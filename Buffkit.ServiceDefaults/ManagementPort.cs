using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Buffkit.ServiceDefaults;

/// <summary>What operators see and strangers do not: section <c>Management</c>.</summary>
public sealed class ManagementOptions
{
    internal const string Section = "Management";

    /// <summary>No port of its own: outside Development nobody sees the figures.</summary>
    public const int DefaultPort = 0;

    /// <summary>
    /// The port on which the service also listens, on all addresses, and alone answers <c>/metrics</c> and the parts of
    /// <c>/health</c>; keep it off the public ingress. 0 to 65535, 0 means none. In Development every port answers them.
    /// </summary>
    /// <value>Default 0.</value>
    [Range(0, 65535)]
    public int Port { get; set; } = DefaultPort;
}

/// <summary>Opens the port of <see cref="ManagementOptions"/>, and tells whether a request may see what is for operators.</summary>
internal sealed class ManagementPort(IOptions<ManagementOptions> options, IHostEnvironment environment) : IStartupFilter
{
    /// <summary>What a server listens on where nothing is said; with a port of our own beside it, it must be.</summary>
    private const string DefaultAddress = "http://localhost:5000";

    private readonly int _port = options.Value.Port;

    public static void Add(IServiceCollection services)
    {
        services.AddOptions<ManagementOptions>().BindConfiguration(ManagementOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ManagementPort>();
        services.AddSingleton<IStartupFilter>(provider => provider.GetRequiredService<ManagementPort>());
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        // The server has been given its addresses, and has not opened them yet.
        if (_port > 0 && app.ServerFeatures.Get<IServerAddressesFeature>()?.Addresses is { IsReadOnly: false } addresses)
        {
            if (addresses.Count == 0)
                addresses.Add(DefaultAddress);
            addresses.Add($"http://*:{_port}");
        }

        next(app);
    };

    /// <summary>By the port on which the request came, which no header can feign.</summary>
    public bool IsOperators(HttpContext context) =>
        environment.IsDevelopment() || (_port > 0 && context.Connection.LocalPort == _port);

    /// <summary>Answers others as if there were no such endpoint.</summary>
    public void Guard(IEndpointConventionBuilder endpoint) =>
        endpoint.Add(built =>
        {
            var next = built.RequestDelegate!;
            built.RequestDelegate = context =>
            {
                if (IsOperators(context))
                    return next(context);
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            };
        });
}

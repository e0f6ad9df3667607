using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Benchmarks;

/// <summary>What one writes in an afternoon with ASP.NET Core alone: a bounded channel per client behind the framework's own result.</summary>
internal static class PlainServerCommand
{
    public const string Name = "plain-server";
    public const string Port = "--port";
    public const string Path = "/stream";

    public static Command Create()
    {
        var port = new Option<int>(Port) { Description = "Port on the loopback address.", Required = true };
        var command = new Command(Name, "Runs the plain ASP.NET Core server that the comparison compares with.") { port };
        command.SetAction(parsed => Build(parsed.GetValue(port)).RunAsync());
        return command;
    }

    private static WebApplication Build(int port)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        builder.Services.AddSingleton<PlainClients>();

        var app = builder.Build();
        app.MapGet(Path, (PlainClients clients, CancellationToken aborted) => TypedResults.ServerSentEvents(clients.ReadAsync(aborted)));
        app.MapPost(Path, async (HttpRequest request, PlainClients clients, CancellationToken aborted) =>
        {
            foreach (var e in await PlainEvent.ReadAsync(request, aborted))
                clients.Publish(e);
            return TypedResults.Accepted((string?)null);
        });
        return app;
    }
}

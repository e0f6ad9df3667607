using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Brings the schema up to date once, then ends with the exit code that says how it went.</summary>
internal sealed partial class Worker(
    MigrationRunner runner, IHostApplicationLifetime lifetime, ILogger<Worker> logger) : BackgroundService
{
    /// <summary>A database server that is started together with this worker needs about as long.</summary>
    private static readonly TimeSpan ConnectWait = TimeSpan.FromSeconds(60);

    private readonly ILogger _logger = logger;

    public static async Task<int> RunAsync(RunnerHost host)
    {
        HostApplicationBuilder builder;
        try
        {
            builder = host.CreateBuilder([], options => options.ConnectWait = ConnectWait);
        }
        catch (MigrationConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }

        builder.Services.AddHostedService<Worker>();
        Environment.ExitCode = ExitCode.Interrupted;
        await builder.Build().RunAsync();
        return Environment.ExitCode;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await runner.UpAsync(stoppingToken);
            Environment.ExitCode = ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            LogCancelled();
            Environment.ExitCode = ExitCode.Interrupted;
        }
        catch (MigrationException e)
        {
            LogStopped(e.Message);
            Environment.ExitCode = ExitCode.Of(e);
        }
        catch (Exception e)
        {
            LogFailed(e);
            Environment.ExitCode = ExitCode.Failed;
        }
        finally
        {
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(1, LogLevel.Critical, "The schema is not up to date. {Reason}")]
    private partial void LogStopped(string reason);

    [LoggerMessage(2, LogLevel.Critical, "The schema could not be brought up to date.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "Cancelled. What had not been committed was taken back; run again to go on.")]
    private partial void LogCancelled();
}

using Buffkit.Migrations;

namespace Buffkit.MigrationService;

/// <summary>Brings the schema up to date once, then ends the process: exit code 0, or 1 if a migration failed.</summary>
internal sealed partial class MigrationWorker(
    MigrationRunner runner, IHostApplicationLifetime lifetime, ILogger<MigrationWorker> logger) : BackgroundService
{
    private readonly ILogger _logger = logger;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await runner.UpAsync(stoppingToken);
        }
        catch (MigrationFailedException e)
        {
            LogFailed(e);
            Environment.ExitCode = 1;
        }
        finally
        {
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(1, LogLevel.Critical, "The schema could not be brought up to date.")]
    private partial void LogFailed(Exception exception);
}

using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Takes migrations as applied that are there already.</summary>
internal sealed partial class BaselineCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<string>> RunAsync(string? to, CancellationToken cancellation)
    {
        await using var session = await RunnerSession.OpenLockedAsync(services, cancellation);
        var versioned = session.Folder.Migrations.Where(migration => migration.Kind == ScriptKind.Versioned);
        var plan = MigrationPlan.Up(versioned, session.Journal, MigrationTarget.Of(session.Folder, to, null));
        var marked = session.Run(plan, cancellation).MarkAsDone();
        LogBaseline(services.Logger, marked.Count);
        return marked;
    }

    [LoggerMessage(8, LogLevel.Information, "{Count} migrations taken as applied.")]
    private static partial void LogBaseline(ILogger logger, int count);
}

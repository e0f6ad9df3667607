using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

internal static partial class RunLog
{
    public static void LogRollback(this RunContext context, Exception exception, string migration) =>
        RolledBack(context.Logger, exception, migration);

    [LoggerMessage(21, LogLevel.Debug, "The session of {Migration} could not be cleaned; the server did so when it ended.")]
    private static partial void RolledBack(ILogger logger, Exception exception, string migration);
}

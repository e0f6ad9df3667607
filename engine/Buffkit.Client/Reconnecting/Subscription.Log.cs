using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

internal sealed partial class Subscription
{
    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The stream connects again in {Wait}: {Reason}")]
        public static partial void Reconnects(ILogger logger, TimeSpan wait, string? reason);

        [LoggerMessage(2, LogLevel.Warning, "The stream comes over {Transport} from now on: {Reason}")]
        public static partial void FallsBack(ILogger logger, EventStreamTransport transport, string? reason);

        [LoggerMessage(3, LogLevel.Warning, "Events after {After} and before {Next} could not be delivered: {Reason}.")]
        public static partial void Gap(ILogger logger, string? after, string? next, string? reason);

        [LoggerMessage(4, LogLevel.Warning, "The state could not be loaded; it is tried again.")]
        public static partial void NoState(ILogger logger, Exception exception);
    }
}

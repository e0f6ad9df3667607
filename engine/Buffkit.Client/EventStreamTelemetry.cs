using System.Diagnostics;

namespace Buffkit.Client;

/// <summary>Names under which the client reports.</summary>
public static class EventStreamTelemetry
{
    /// <summary>The activity source: name it in <c>AddSource</c> to see what is published and processed in traces.</summary>
    public const string ActivitySourceName = "EventStreams.Client";

    internal static ActivitySource Source { get; } = new(ActivitySourceName);
}

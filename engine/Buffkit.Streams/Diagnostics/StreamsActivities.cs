using System.Diagnostics;

namespace Buffkit.Streams;

/// <summary>The engine's spans, by OpenTelemetry's conventions for messaging.</summary>
internal static class StreamsActivities
{
    /// <summary>Where they begin.</summary>
    public static readonly ActivitySource Source = new(StreamsTelemetry.ActivitySourceName);

    // Names of the conventions (semantic conventions 1.38, messaging spans).
    public const string SystemTag = "messaging.system";
    public const string OperationTag = "messaging.operation.type";
    public const string OperationNameTag = "messaging.operation.name";
    public const string DestinationTag = "messaging.destination.name";
    public const string MessageIdTag = "messaging.message.id";
    public const string ErrorTag = "error.type";
    public const string MessageCountTag = "messaging.batch.message_count";

    /// <summary>What <see cref="SystemTag"/> says.</summary>
    public const string System = "event_streams";

    /// <summary>The present span as a <c>traceparent</c>, where somebody records it.</summary>
    public static string? TraceParent =>
        Source.HasListeners() && Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } span ? span.Id : null;
}

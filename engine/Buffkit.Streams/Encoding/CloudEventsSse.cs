using System.Buffers;

namespace Buffkit.Streams;

/// <summary>The cloudevents format: the event as a CloudEvent, with the same id and type in the stream's own fields.</summary>
internal static class CloudEventsSse
{
    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        SseField.Event(to, e.Type);
        to.Write("data: "u8);
        // Compact JSON has no line breaks of its own; those of strings are escaped.
        CloudEventsJson.Write(to, e);
        to.Write("\n"u8);
        SseField.EndOfEvent(to, e.Id);
    }
}

using System.Text;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>Events for the micro benchmarks.</summary>
internal static class SampleEvents
{
    public const int SmallBytes = 128;
    public const int LargeBytes = 32 * 1024;

    private static readonly Epoch Epoch = Epoch.New();

    public static EventId Id(long sequence) => new(Epoch, sequence);

    /// <summary>An event whose payload is a JSON object of about the wanted size.</summary>
    public static StreamEvent Event(long sequence, string topic = "orders/42", int bytes = SmallBytes) =>
        new(Id(sequence), DateTimeOffset.UnixEpoch, new EventDraft
        {
            Topic = Topic.Parse(topic),
            Type = "order.created",
            Data = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', bytes)}}"}"""),
        });

    public static TailEntry Entry(long sequence, string topic = "orders/42") => new(Event(sequence, topic));
}

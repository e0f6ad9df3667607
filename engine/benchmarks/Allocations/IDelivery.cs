using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>A server in this process whose deliveries are counted.</summary>
internal interface IDelivery : IAsyncDisposable
{
    IEventPublisher Publisher { get; }

    /// <summary>Whether every connection has so many events. Allocates nothing.</summary>
    bool HasDelivered(long events);
}

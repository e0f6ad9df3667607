using Buffkit.Streams;

namespace Buffkit.Tests;

public sealed class MemoryEventLogTests : EventLogSpecification
{
    private protected override Task<IEventLog> CreateAsync() => Task.FromResult<IEventLog>(new MemoryEventLog(Options, TimeProvider.System));
}

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Says what the engine is made of, beyond the part that runs alone; <c>AddEventStreams</c> returns it.</summary>
/// <param name="services">The host's services.</param>
public sealed class EventStreamsBuilder(IServiceCollection services)
{
    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; } = services;
}

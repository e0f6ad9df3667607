namespace Buffkit.Benchmarks;

/// <summary>A kind of server that can be started any number of times.</summary>
internal abstract class ServerKind
{
    public abstract string Name { get; }

    /// <summary>Why it cannot run here, with what to do about it; nothing where it can.</summary>
    public virtual string? Missing => null;

    /// <summary>Starts one.</summary>
    /// <param name="connections">Connections that it will have to hold.</param>
    /// <param name="cancellationToken">Ends the wait for it.</param>
    public abstract Task<ServerProcess> StartAsync(int connections, CancellationToken cancellationToken);
}

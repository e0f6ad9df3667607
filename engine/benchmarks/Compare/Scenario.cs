namespace Buffkit.Benchmarks;

/// <summary>A situation that every server is put in, turn by turn.</summary>
internal abstract class Scenario(string name, string title)
{
    public string Name => name;

    public string Title => title;

    public abstract IReadOnlyList<Metric> Metrics { get; }

    /// <summary>Connections that a server must be able to hold.</summary>
    public abstract int Connections { get; }

    /// <summary>Whether each measurement wants a server that has just started.</summary>
    public abstract bool WantsFreshServer { get; }

    /// <summary>Measures once.</summary>
    /// <returns>A value per metric.</returns>
    public abstract Task<double[]> MeasureAsync(ServerProcess server, CancellationToken cancellationToken);

    /// <summary>Brings a server that was just started into its stride.</summary>
    public abstract Task WarmUpAsync(ServerProcess server, CancellationToken cancellationToken);
}

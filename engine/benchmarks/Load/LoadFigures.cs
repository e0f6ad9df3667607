namespace Buffkit.Benchmarks;

/// <summary>What one measurement found. Counts and times are of the measured stretch; what was lost is of the whole run.</summary>
internal sealed record LoadFigures
{
    public required string Server { get; init; }

    public required int Connections { get; init; }

    public required double Seconds { get; init; }

    public required long Published { get; init; }

    public required long Deliveries { get; init; }

    /// <summary>Reads of the generator: about the server's writes, fewer where several arrived before one was read.</summary>
    public required long Reads { get; init; }

    public required long Lost { get; init; }

    public required long Repeated { get; init; }

    /// <summary>Losses that the server announced in the stream.</summary>
    public required long Gaps { get; init; }

    /// <summary>Streams that the server ended.</summary>
    public required int Ended { get; init; }

    /// <summary>Milliseconds from publishing to receipt.</summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double Max { get; init; }

    /// <summary>Seconds of processor time, user and system, of the server's processes.</summary>
    public required double ServerCpu { get; init; }

    public required double GeneratorCpu { get; init; }

    /// <summary>Processor time of everything else on the machine: what disturbed the measurement.</summary>
    public required double OtherCpu { get; init; }

    public required MemoryUse Memory { get; init; }

    public double DeliveriesPerSecond => Deliveries / Seconds;

    public double CpuMicrosPerDelivery => Deliveries == 0 ? double.NaN : ServerCpu * 1e6 / Deliveries;

    public double EventsPerRead => Reads == 0 ? double.NaN : (double)Deliveries / Reads;
}

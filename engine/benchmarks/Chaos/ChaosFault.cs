namespace Buffkit.Benchmarks;

/// <summary>What a fault befalls; two of one round befall different things.</summary>
internal enum ChaosTarget
{
    Network,
    Node,
    Redis,
    Database,
}

/// <summary>One thing that happens to a system, and its end.</summary>
/// <param name="Name">How reports call it.</param>
/// <param name="Target">What it befalls.</param>
/// <param name="MayLose">Whether the log may lose what it had accepted.</param>
/// <param name="Fits">Whether it can befall a system.</param>
/// <param name="RunAsync">Does it, for a time drawn at random, and puts everything right again.</param>
internal sealed record ChaosFault(
    string Name, ChaosTarget Target, bool MayLose, Func<ChaosSystem, bool> Fits, Func<ChaosSystem, Random, CancellationToken, Task> RunAsync);

namespace Buffkit.Benchmarks;

/// <summary>What came of one round.</summary>
/// <param name="Faults">What befell the system.</param>
/// <param name="Accepted">Events that publishers were told of.</param>
/// <param name="Orders">Orders, each with an event.</param>
/// <param name="Clients">Whose histories were judged.</param>
/// <param name="Delivered">Events in them.</param>
/// <param name="Gaps">Gaps in them, announced and right.</param>
/// <param name="Complete">How long after the last fault's end all were complete.</param>
/// <param name="Found">What was wrong; empty where nothing was.</param>
internal sealed record ChaosResult(
    IReadOnlyList<string> Faults, int Accepted, int Orders, int Clients, int Delivered, int Gaps, TimeSpan Complete, IReadOnlyList<string> Found);

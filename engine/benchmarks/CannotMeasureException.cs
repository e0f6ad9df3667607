namespace Buffkit.Benchmarks;

/// <summary>The measurement cannot be made here and now; the message says what to do.</summary>
internal sealed class CannotMeasureException(string message) : Exception(message);

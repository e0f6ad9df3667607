namespace Buffkit.Tests;

/// <summary>As those of resilience handlers: of no type that .NET has for a network that fails.</summary>
internal sealed class CircuitOpenException() : Exception("The circuit is open.");

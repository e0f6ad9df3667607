using CsCheck;

namespace Buffkit.Tests;

internal static class AnyOf
{
    /// <summary>One of some values.</summary>
    public static Gen<T> These<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}

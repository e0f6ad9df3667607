namespace Buffkit.Streams;

/// <summary>The forms in which an event is encoded, each at most once.</summary>
internal enum WireForm
{
    /// <summary>SSE whose data is the payload: <c>?format=raw</c>.</summary>
    RawSse,
}

internal static class WireForms
{
    public static readonly int Count = Enum.GetValues<WireForm>().Length;
}

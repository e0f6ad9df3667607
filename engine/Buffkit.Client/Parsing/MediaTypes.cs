namespace Buffkit.Client;

internal static class MediaTypes
{
    public const string EventStream = "text/event-stream";

    public const string Batch = "application/cloudevents-batch+json";

    public const string Jose = "application/jose";

    public static bool IsJson(string mediaType)
    {
        var essence = Essence(mediaType);
        return essence.Equals("application/json", StringComparison.OrdinalIgnoreCase) || essence.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }

    public static bool Is(string? mediaType, string expected) =>
        mediaType is not null && Essence(mediaType).Equals(expected, StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> Essence(string mediaType)
    {
        var end = mediaType.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? mediaType.AsSpan() : mediaType.AsSpan(0, end)).Trim();
    }
}

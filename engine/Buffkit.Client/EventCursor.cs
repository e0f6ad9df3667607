namespace Buffkit.Client;

/// <summary>The place in the log that an answer of the application stands for.</summary>
public static class EventCursor
{
    /// <summary>The header that carries it.</summary>
    public const string HeaderName = "Event-Cursor";

    /// <summary>Reads it: for <see cref="SubscriptionOptions.GetState"/> and <see cref="SubscriptionOptions.After"/>.</summary>
    /// <param name="response">The answer.</param>
    /// <returns>The cursor; nothing where the answer has none.</returns>
    public static string? GetEventCursor(this HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return response.Headers.TryGetValues(HeaderName, out var values) ? values.LastOrDefault() : null;
    }
}

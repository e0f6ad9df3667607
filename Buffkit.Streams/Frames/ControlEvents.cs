using System.Buffers;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>The in-band events that speak of the stream itself; a native EventSource can read nothing else.</summary>
internal static class ControlEvents
{
    public static ReadOnlySpan<byte> Heartbeat => ": \n\n"u8;

    public static void WriteOpen(IBufferWriter<byte> to, StreamOpen open)
    {
        SseField.Id(to, open.Cursor.ToString());
        SseField.Event(to, EventType.Open);
        WriteJson(to, open, static (json, open) =>
        {
            json.WriteString("session"u8, open.Session);
            json.WriteBoolean("recovered"u8, open.Recovered);
            if (open.Replayed is { } replayed)
                json.WriteNumber("replayed"u8, replayed);
            else
                json.WriteNull("replayed"u8);
            json.WriteString("epoch"u8, open.Latest.Epoch.ToString());
            json.WriteString("latest"u8, open.Latest.ToString());
        });
    }

    /// <remarks>Its id is the cursor before <see cref="Gap.Next"/>, so a client cut right after it goes on from there.</remarks>
    public static void WriteGap(IBufferWriter<byte> to, Gap gap)
    {
        SseField.Id(to, gap.Next.Previous.ToString());
        SseField.Event(to, EventType.Gap);
        WriteJson(to, gap, static (json, gap) =>
        {
            json.WriteString("after"u8, gap.After);
            json.WriteString("next"u8, gap.Next.ToString());
            json.WriteString("reason"u8, gap.Reason.WireName());
        });
    }

    /// <remarks>Without an id: the client comes back with the cursor it has. <c>retry:</c> stands first, for a native EventSource.</remarks>
    public static void WriteClose(IBufferWriter<byte> to, CloseReason reason, TimeSpan retry)
    {
        SseField.Retry(to, retry);
        SseField.Event(to, EventType.Close);
        WriteJson(to, (reason, retry), static (json, close) =>
        {
            json.WriteString("reason"u8, close.reason.WireName());
            json.WriteNumber("retryMs"u8, (long)close.retry.TotalMilliseconds);
        });
    }

    private static void WriteJson<T>(IBufferWriter<byte> to, T value, Action<Utf8JsonWriter, T> members)
    {
        to.Write("data: "u8);
        using (var json = new Utf8JsonWriter(to, PayloadJson.Compact))
        {
            json.WriteStartObject();
            members(json, value);
            json.WriteEndObject();
        }

        to.Write("\n\n"u8);
    }
}

/// <summary>What a stream begins with.</summary>
/// <param name="Session">The session's public id.</param>
/// <param name="Cursor">Where delivery begins.</param>
/// <param name="Recovered">The client's cursor was good: all that followed it is delivered.</param>
/// <param name="Replayed">Events that wait between the cursor and now; unknown where there are too many to count.</param>
/// <param name="Latest">Cursor at the end of the log.</param>
internal readonly record struct StreamOpen(string Session, EventId Cursor, bool Recovered, long? Replayed, EventId Latest);

/// <summary>Why the server ends a stream.</summary>
internal enum CloseReason
{
    /// <summary>The server goes away.</summary>
    Drain,

    /// <summary>A limit refuses the connection.</summary>
    Limit,

    /// <summary>The session is no longer good.</summary>
    Revoked,

    /// <summary>The client does not keep up, and the policy disconnects.</summary>
    Slow,
}

internal static class CloseReasons
{
    public static string WireName(this CloseReason reason) => reason switch
    {
        CloseReason.Drain => "drain",
        CloseReason.Limit => "limit",
        CloseReason.Revoked => "revoked",
        _ => "slow",
    };
}

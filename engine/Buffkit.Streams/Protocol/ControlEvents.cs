using System.Buffers;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>The in-band events that speak of the stream itself; a native EventSource can read nothing else.</summary>
internal static class ControlEvents
{
    public static void WriteOpen(IBufferWriter<byte> to, StreamOpen open)
    {
        Write(to, EventType.Open, open, WriteMembers);
        SseField.EndOfEvent(to, open.Cursor);
    }

    /// <remarks>Without an id: it tells of no place in the log, and leaves the client's last id where it is.</remarks>
    public static void WriteLive(IBufferWriter<byte> to, StreamLive live)
    {
        Write(to, EventType.Live, live, WriteMembers);
        SseField.EndOfEvent(to);
    }

    /// <remarks>Its id is the cursor before <see cref="Gap.Next"/>, so a client cut right after it goes on from there.</remarks>
    public static void WriteGap(IBufferWriter<byte> to, Gap gap)
    {
        Write(to, EventType.Gap, gap, WriteMembers);
        SseField.EndOfEvent(to, gap.Next.Previous);
    }

    /// <remarks>Without an id: the client comes back with the cursor it has. <c>retry:</c> stands first, for a native EventSource.</remarks>
    public static void WriteClose(IBufferWriter<byte> to, StreamClose close)
    {
        SseField.Retry(to, close.Retry);
        Write(to, EventType.Close, close, WriteMembers);
        SseField.EndOfEvent(to);
    }

    /// <summary>A heartbeat that is an event, and moves the client's last id along.</summary>
    /// <remarks>It has data, though nothing to say: without data it would be no event to some parsers, and an empty message to others.</remarks>
    public static void WriteHeartbeat(IBufferWriter<byte> to, EventId cursor)
    {
        Write(to, EventType.Heartbeat, cursor, WriteMembers);
        SseField.EndOfEvent(to, cursor);
    }

    public static void WriteMembers(Utf8JsonWriter json, EventId cursor)
    {
    }

    public static void WriteMembers(Utf8JsonWriter json, StreamOpen open)
    {
        json.WriteString("session"u8, open.Session);
        json.WriteBoolean("recovered"u8, open.Recovered);
        json.WriteString("epoch"u8, open.Epoch.ToString());
        json.WriteString("latest"u8, open.Latest.ToString());
    }

    public static void WriteMembers(Utf8JsonWriter json, StreamLive live)
    {
        json.WriteNumber("replayed"u8, live.Replayed);
        json.WriteString("latest"u8, live.Latest.ToString());
    }

    public static void WriteMembers(Utf8JsonWriter json, Gap gap)
    {
        json.WriteString("after"u8, gap.After);
        json.WriteString("next"u8, gap.Next.ToString());
        json.WriteString("reason"u8, gap.Reason.WireName());
    }

    public static void WriteMembers(Utf8JsonWriter json, StreamClose close)
    {
        json.WriteString("reason"u8, close.Reason.WireName());
        json.WriteNumber("retryMs"u8, (long)close.Retry.TotalMilliseconds);
    }

    private static void Write<T>(IBufferWriter<byte> to, string type, T value, Action<Utf8JsonWriter, T> members)
    {
        SseField.Event(to, type);
        to.Write("data: "u8);
        using (var json = new Utf8JsonWriter(to, PayloadJson.Compact))
        {
            json.WriteStartObject();
            members(json, value);
            json.WriteEndObject();
        }

        to.Write("\n"u8);
    }
}

/// <summary>What a stream begins with.</summary>
/// <param name="Session">The session's public id.</param>
/// <param name="Cursor">Where delivery begins.</param>
/// <param name="Recovered">The client's cursor was good: all that followed it is delivered.</param>
/// <param name="Epoch">The log's present life.</param>
/// <param name="Latest">The end of the log, for who asks for everything; for others the cursor.</param>
internal readonly record struct StreamOpen(string Session, EventId Cursor, bool Recovered, Epoch Epoch, EventId Latest);

/// <summary>Says that the client has all that there was when its stream began.</summary>
/// <param name="Replayed">Events that it was sent since.</param>
/// <param name="Latest">The last of them; where there was none, where the stream began.</param>
internal readonly record struct StreamLive(long Replayed, EventId Latest);

/// <summary>What a stream that the server ends has as its last word.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Retry">When the client may come back.</param>
internal readonly record struct StreamClose(CloseReason Reason, TimeSpan Retry);

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

    /// <summary>It has been open for long, and its client comes back with its token and its cursor, to whichever server.</summary>
    Rotate,

    /// <summary>Nobody is known to call, and the topic asks for that.</summary>
    Unauthenticated,

    /// <summary>The caller may not subscribe to the topic.</summary>
    Forbidden,
}

internal static class CloseReasons
{
    public static string WireName(this CloseReason reason) => reason switch
    {
        CloseReason.Drain => "drain",
        CloseReason.Limit => "limit",
        CloseReason.Revoked => "revoked",
        CloseReason.Slow => "slow",
        CloseReason.Rotate => "rotate",
        CloseReason.Unauthenticated => "unauthenticated",
        _ => "forbidden",
    };
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>What one client may ask for: section <c>Streams:Limits</c>. Zero means no limit.</summary>
public sealed class LimitsOptions
{
    /// <summary>64 KiB: an event is news, not a document; larger things travel as a link.</summary>
    public const int DefaultEventBytes = 64 * 1024;

    /// <summary>100 topics: more is a filter that is missing.</summary>
    public const int DefaultTopicsPerConnection = 100;

    /// <summary>Three wildcards: an id, an owner and a kind; each more doubles what one event may have to look at.</summary>
    public const int DefaultWildcardsPerFilter = 3;

    /// <summary>4 MiB: an office of a thousand pages with ten long filters each, and some tens of megabytes in the topic index at the worst.</summary>
    public const int DefaultFilterBytesPerAddress = 4 * 1024 * 1024;

    /// <summary>50 frames a second: a client has one to send every few seconds.</summary>
    public const int DefaultFramesPerSecond = 50;

    /// <summary>1,000 events: a publish call that is answered in milliseconds.</summary>
    public const int DefaultEventsPerPublish = 1_000;

    /// <summary>4 MiB: bounds what a publish call can make the server hold before it is even read.</summary>
    public const int DefaultBodyBytes = 4 * 1024 * 1024;

    /// <summary>40 seconds: a full body over a megabit a second.</summary>
    public static readonly TimeSpan DefaultBodyTimeout = TimeSpan.FromSeconds(40);

    /// <summary>256 MiB: a quarter of a small container, and 64 full bodies at once.</summary>
    public const long DefaultBodyBytesInFlight = 256L * 1024 * 1024;

    /// <summary>32 MiB: eight full bodies at once from one address.</summary>
    public const long DefaultBodyBytesInFlightPerAddress = 32L * 1024 * 1024;

    /// <summary>50,000 connections: what a server of 2 GiB holds with room to spare.</summary>
    public const int DefaultConnections = 50_000;

    /// <summary>20 connections: a person's tabs.</summary>
    public const int DefaultConnectionsPerSession = 20;

    /// <summary>1,000 connections: an office behind one address.</summary>
    public const int DefaultConnectionsPerAddress = 1_000;

    /// <summary>60 connects a minute: ten times what a client on a bad network needs.</summary>
    public const int DefaultConnectsPerMinute = 60;

    /// <summary>3,000 connects a minute: an office that comes back after a restart is in within half a minute.</summary>
    public const int DefaultConnectsPerMinutePerAddress = 3_000;

    /// <summary>100 calls a second: more is what arrays of events are for.</summary>
    public const int DefaultPublishesPerSecond = 100;

    /// <summary>1,000 calls a second: ten busy publishers behind one address.</summary>
    public const int DefaultPublishesPerSecondPerAddress = 1_000;

    /// <summary>Ten sessions at their full rates: a person's devices.</summary>
    public const int DefaultSubjectMultiple = 10;

    /// <summary>100 events for each call that is allowed: more is a load, not news.</summary>
    public const int DefaultEventsPerCall = 100;

    /// <summary>80 KiB for each call that is allowed: the largest event, and its names.</summary>
    public const int DefaultBytesPerCall = 80 * 1024;

    /// <summary>Bytes of an event's payload.</summary>
    /// <value>Default 64 KiB.</value>
    [Range(0, 64 * 1024 * 1024)]
    public int EventBytes { get; set; } = DefaultEventBytes;

    /// <summary>Topic filters of one connection.</summary>
    /// <value>Default 100.</value>
    [Range(0, 100_000)]
    public int TopicsPerConnection { get; set; } = DefaultTopicsPerConnection;

    /// <summary>Segments <c>*</c> of one topic filter; a <c>**</c> at its end is not counted.</summary>
    /// <value>Default 3.</value>
    [Range(0, Topic.MaxSegments)]
    public int WildcardsPerFilter { get; set; } = DefaultWildcardsPerFilter;

    /// <summary>
    /// Bytes of the topic filters of all connections of one address (64 bits of IPv6) on one server, 100 for each filter and two for
    /// each of its characters.
    /// </summary>
    /// <value>Default 4 MiB.</value>
    [Range(0, int.MaxValue)]
    public int FilterBytesPerAddress { get; set; } = DefaultFilterBytesPerAddress;

    /// <summary>Events of one publish call.</summary>
    /// <value>Default 1,000.</value>
    [Range(0, 1_000_000)]
    public int EventsPerPublish { get; set; } = DefaultEventsPerPublish;

    /// <summary>
    /// Frames that a client of a WebSocket sends in a second: pings, answers to the server's, and its farewell. One that sends more is
    /// closed with code 1008.
    /// </summary>
    /// <value>Default 50.</value>
    [Range(0, 1_000_000)]
    public int FramesPerSecond { get; set; } = DefaultFramesPerSecond;

    /// <summary>Bytes of one publish call's body.</summary>
    /// <value>Default 4 MiB.</value>
    [Range(0, 1024 * 1024 * 1024)]
    public int BodyBytes { get; set; } = DefaultBodyBytes;

    /// <summary>How long a publish call's body may take to come.</summary>
    /// <value>Default 40 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan BodyTimeout { get; set; } = DefaultBodyTimeout;

    /// <summary>Bytes of all publish calls' bodies that one server holds at once, also of what gzip expands to.</summary>
    /// <value>Default 256 MiB.</value>
    [Range(0, long.MaxValue)]
    public long BodyBytesInFlight { get; set; } = DefaultBodyBytesInFlight;

    /// <summary>The same, of one address (64 bits of IPv6).</summary>
    /// <value>Default 32 MiB.</value>
    [Range(0, long.MaxValue)]
    public long BodyBytesInFlightPerAddress { get; set; } = DefaultBodyBytesInFlightPerAddress;

    /// <summary>Open connections of one server.</summary>
    /// <value>Default 50,000.</value>
    [Range(0, int.MaxValue)]
    public int Connections { get; set; } = DefaultConnections;

    /// <summary>Open connections of one session, on all servers that share a Redis.</summary>
    /// <value>Default 20.</value>
    [Range(0, int.MaxValue)]
    public int ConnectionsPerSession { get; set; } = DefaultConnectionsPerSession;

    /// <summary>
    /// Open connections of one address (64 bits of IPv6), on all servers that share a Redis. Strangers, and those who are known, have as
    /// many each.
    /// </summary>
    /// <value>Default 1,000.</value>
    [Range(0, int.MaxValue)]
    public int ConnectionsPerAddress { get; set; } = DefaultConnectionsPerAddress;

    /// <summary>
    /// A subject's rates are those of one session times this, 1 to 1,000, so that one of her devices does not use up the others'. Calls
    /// that show credentials and no session token are a session together.
    /// </summary>
    /// <value>Default 10.</value>
    [Range(1, 1_000)]
    public int SubjectMultiple { get; set; } = DefaultSubjectMultiple;

    /// <summary>Connects of one session in a minute, on one server; a burst of as many is free.</summary>
    /// <value>Default 60.</value>
    [Range(0, 1_000_000)]
    public int ConnectsPerMinute { get; set; } = DefaultConnectsPerMinute;

    /// <summary>
    /// Connects of one address in a minute, on one server; a burst of as many is free. Strangers, and those who are known, have as many each.
    /// </summary>
    /// <value>Default 3,000.</value>
    [Range(0, 1_000_000)]
    public int ConnectsPerMinutePerAddress { get; set; } = DefaultConnectsPerMinutePerAddress;

    /// <summary>Publish calls of one session in a second, on one server; a burst of as many is free.</summary>
    /// <value>Default 100.</value>
    [Range(0, 1_000_000)]
    public int PublishesPerSecond { get; set; } = DefaultPublishesPerSecond;

    /// <summary>
    /// Publish calls of one address in a second, on one server; a burst of as many is free. Strangers, and those who are known, have as
    /// many each.
    /// </summary>
    /// <value>Default 1,000.</value>
    [Range(0, 1_000_000)]
    public int PublishesPerSecondPerAddress { get; set; } = DefaultPublishesPerSecondPerAddress;

    /// <summary>
    /// Events that one session publishes in a second, on one server; a burst of as many, or of one full call, is free.
    /// </summary>
    /// <value>Default <see langword="null"/>: 100 times <see cref="PublishesPerSecond"/>, so no limit where that has none.</value>
    [Range(0, int.MaxValue)]
    public int? EventsPerSecond { get; set; }

    /// <summary>The same, of one address (64 bits of IPv6).</summary>
    /// <value>Default <see langword="null"/>: 100 times <see cref="PublishesPerSecondPerAddress"/>.</value>
    [Range(0, int.MaxValue)]
    public int? EventsPerSecondPerAddress { get; set; }

    /// <summary>
    /// Bytes of publish calls' bodies, without their compression, of one session in a second, on one server; a burst of as many, or of
    /// one full call, is free.
    /// </summary>
    /// <value>Default <see langword="null"/>: 80 KiB for each of <see cref="PublishesPerSecond"/>, so no limit where that has none.</value>
    [Range(0, int.MaxValue)]
    public int? BytesPerSecond { get; set; }

    /// <summary>The same, of one address (64 bits of IPv6).</summary>
    /// <value>Default <see langword="null"/>: 80 KiB for each of <see cref="PublishesPerSecondPerAddress"/>.</value>
    [Range(0, int.MaxValue)]
    public int? BytesPerSecondPerAddress { get; set; }

    /// <inheritdoc cref="BreakerOptions"/>
    [Required, ValidateObjectMembers]
    public BreakerOptions Breaker { get; set; } = new();
}

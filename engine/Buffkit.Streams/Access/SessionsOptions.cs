using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>How clients are recognised when they come back: section <c>Streams:Sessions</c>.</summary>
public sealed class SessionsOptions
{
    /// <summary>A day: a phone that comes back after a night is still the same session.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(1);

    /// <summary>30 seconds: a client that lost the answer with its new token tries again within a few; tabs share a cookie.</summary>
    public static readonly TimeSpan DefaultRotationGrace = TimeSpan.FromSeconds(30);

    /// <summary>30 days: a person who comes every day logs in once a month.</summary>
    public static readonly TimeSpan DefaultMaxAge = TimeSpan.FromDays(30);

    /// <summary>Two hours: as long as a page stays open unwatched, and what strangers leave behind is soon gone.</summary>
    public static readonly TimeSpan DefaultAnonymousLifetime = TimeSpan.FromHours(2);

    /// <summary>How long a token is good, 1 minute to 30 days; never longer than the credentials behind it.</summary>
    /// <value>Default one day.</value>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan Lifetime { get; set; } = DefaultLifetime;

    /// <summary>
    /// How long a token of nobody is good, 1 minute to 30 days, at most <see cref="Lifetime"/>. A client that comes later is a new
    /// session, and goes on from its cursor all the same.
    /// </summary>
    /// <value>Default two hours.</value>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan AnonymousLifetime { get; set; } = DefaultAnonymousLifetime;

    /// <summary>
    /// How long after its credentials were shown a session lasts at most, however often its token is replaced, 1 minute to 365
    /// days: its end where the credentials have none of their own, or a later one. Then its streams end.
    /// </summary>
    /// <value>Default 30 days.</value>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan MaxAge { get; set; } = DefaultMaxAge;

    /// <summary>How long a token is still accepted after one that replaces it first came, 0 to 10 minutes. Used later, it revokes the session.</summary>
    /// <value>Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RotationGrace { get; set; } = DefaultRotationGrace;

    /// <summary>How closely a token is bound to the network address that it was issued to.</summary>
    /// <value>Default <see cref="AddressBinding.Off"/>: phones change networks all the time.</value>
    [EnumDataType(typeof(AddressBinding))]
    public AddressBinding AddressBinding { get; set; } = AddressBinding.Off;

    /// <summary>
    /// Types of claims that a session keeps besides the subject, for an authorization that asks for them. They travel in the
    /// token, so name few and short ones.
    /// </summary>
    /// <value>Default none.</value>
    public IList<string> Claims { get; } = [];

    internal TimeSpan LifetimeOf(bool isAnonymous) => isAnonymous && AnonymousLifetime < Lifetime ? AnonymousLifetime : Lifetime;
}

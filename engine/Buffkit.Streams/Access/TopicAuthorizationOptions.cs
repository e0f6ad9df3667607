using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;

namespace Buffkit.Streams;

/// <summary>
/// The default authorization of topics: section <c>Streams:Authorization</c>. <c>user/{sub}/**</c> belongs to its subject,
/// <c>public/**</c> is read by all and published on by whoever is authenticated. For the rest, the application's
/// authorization policy <see cref="PolicyName"/> is asked with the <see cref="TopicAccess"/> as its resource; without such a
/// policy the rest is closed.
/// </summary>
public sealed class TopicAuthorizationOptions
{
    /// <summary>Name of the authorization policy that decides on the rest, where the application has one.</summary>
    public const string PolicyName = "EventStreams";

    /// <summary>What nobody decided on.</summary>
    /// <value>Default <see langword="null"/>: <see cref="TopicDefault.Open"/> in Development, <see cref="TopicDefault.Closed"/> elsewhere.</value>
    [EnumDataType(typeof(TopicDefault))]
    public TopicDefault? Default { get; set; }

    /// <summary>Whether everything is open to everybody: configured, or by the environment.</summary>
    public bool IsOpen(IHostEnvironment environment) => Default is { } configured ? configured is TopicDefault.Open : environment.IsDevelopment();
}

/// <summary>What holds for topics that no rule allows.</summary>
public enum TopicDefault
{
    /// <summary>Only what a rule allows.</summary>
    Closed,

    /// <summary>Anybody may do anything, to other users' topics too: for development, and behind a gateway that decides.</summary>
    Open,
}

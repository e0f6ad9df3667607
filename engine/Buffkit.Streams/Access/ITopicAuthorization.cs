using System.Security.Claims;

namespace Buffkit.Streams;

/// <summary>
/// Decides who may subscribe to and publish on which topics. Register one before <c>AddEventStreams</c> to replace the
/// default, which is described at <see cref="TopicAuthorizationOptions"/>.
/// </summary>
public interface ITopicAuthorization
{
    /// <summary>
    /// Whether an access is allowed, wholly. A filter that reaches beyond what the caller may see is refused, not narrowed: so
    /// every event that the filter matches, live or replayed, was decided on here, and delivery asks nobody.
    /// </summary>
    ValueTask<bool> IsAllowedAsync(TopicAccess access, CancellationToken cancellationToken);

    /// <summary>
    /// Whether there may be a topic that a caller may publish on. Asked before the body of a call is read, which says on which; one
    /// who may not publish at all is refused without it.
    /// </summary>
    /// <returns>By default <see langword="true"/>: it is left to <see cref="IsAllowedAsync"/>.</returns>
    ValueTask<bool> MayPublishAsync(ClaimsPrincipal user, CancellationToken cancellationToken) => ValueTask.FromResult(true);
}

/// <summary>What a caller wants of a topic.</summary>
/// <param name="User">The caller; not authenticated where nobody is known.</param>
/// <param name="Operation">What for.</param>
/// <param name="Filter">The topic, or when subscribing a filter; <see cref="TopicFilter.IsWithin(TopicFilter)"/> compares it with what is allowed.</param>
public sealed record TopicAccess(ClaimsPrincipal User, TopicOperation Operation, TopicFilter Filter);

/// <summary>What a topic is wanted for.</summary>
public enum TopicOperation
{
    /// <summary>To get its events, those of the past included, and the keys of encrypted ones.</summary>
    Subscribe,

    /// <summary>To publish an event.</summary>
    Publish,
}

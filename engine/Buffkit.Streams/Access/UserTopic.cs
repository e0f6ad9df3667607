namespace Buffkit.Streams;

/// <summary>The topics that belong to one subject: <c>user/{sub}/**</c>.</summary>
public static class UserTopic
{
    private const string Root = "user";

    /// <summary>
    /// The root of a subject's topics: <c>user/{sub}</c>. What a topic may not hold is escaped as in a URL, so a subject cannot
    /// reach into another's topics by a slash in its name.
    /// </summary>
    /// <exception cref="FormatException">The subject is empty or too long for a topic.</exception>
    public static Topic For(string subject)
    {
        ArgumentException.ThrowIfNullOrEmpty(subject);
        return Topic.Parse($"{Root}/{Uri.EscapeDataString(subject)}");
    }

    internal static TopicFilter? AllOf(string subject) =>
        TopicFilter.TryParse($"{Root}/{Uri.EscapeDataString(subject)}/**", out var filter, out _) ? filter : null;
}

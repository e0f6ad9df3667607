using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>Filters that a configuration names.</summary>
internal static class TopicFilters
{
    /// <summary>Says which of the texts are no filters.</summary>
    /// <param name="texts">The filters.</param>
    /// <param name="key">The configuration's key, for the person who reads the error.</param>
    /// <param name="member">The options' member.</param>
    public static IEnumerable<ValidationResult> Validate(IEnumerable<string> texts, string key, string member)
    {
        foreach (var text in texts)
        {
            if (!TopicFilter.TryParse(text, out _, out var error))
                yield return new ValidationResult($"{key} has '{text}': {error}", [member]);
        }
    }

    /// <summary>Whether one of the filters matches.</summary>
    public static bool Match(this TopicFilter[] filters, Topic topic)
    {
        foreach (var filter in filters)
        {
            if (filter.Matches(topic))
                return true;
        }

        return false;
    }
}

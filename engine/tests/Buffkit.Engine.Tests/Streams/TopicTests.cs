using Buffkit.Streams;

namespace Buffkit.Tests;

public sealed class TopicTests
{
    [Theory]
    [InlineData("orders/42", "orders/42", true)]
    [InlineData("orders/42", "orders/43", false)]
    [InlineData("orders/*", "orders/42", true)]
    [InlineData("orders/*", "orders", false)]
    [InlineData("orders/*", "orders/42/items", false)]
    [InlineData("orders/**", "orders", true)]
    [InlineData("orders/**", "orders/42", true)]
    [InlineData("orders/**", "orders/42/items", true)]
    [InlineData("orders/**", "ordersx/42", false)]
    [InlineData("*/42", "orders/42", true)]
    [InlineData("*/42/**", "orders/42", true)]
    [InlineData("**", "a/b/c", true)]
    [InlineData("*", "a", true)]
    [InlineData("*", "a/b", false)]
    [InlineData("Orders/42", "orders/42", false)]
    public void Matches_FilterAndTopic_AsDocumented(string filter, string topic, bool expected) =>
        Assert.Equal(expected, TopicFilter.Parse(filter).Matches(Topic.Parse(topic)));

    [Theory]
    [InlineData("grüße/ñ")]
    [InlineData("user/a@b.example")]
    [InlineData("a.b-c_d~e:f/1")]
    public void TryParse_OrdinaryTopics_AreTaken(string topic) => Assert.True(Topic.TryParse(topic, out _, out _));

    [Fact]
    public void TryParse_TooLongOrTooDeep_IsRefused()
    {
        Assert.False(Topic.TryParse(new string('a', Topic.MaxLength + 1), out _, out var tooLong));
        Assert.False(TopicFilter.TryParse(string.Join('/', Enumerable.Repeat("a", Topic.MaxSegments + 1)), out _, out var tooDeep));
        Assert.Contains("256", tooLong, StringComparison.Ordinal);
        Assert.Contains("16", tooDeep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc-0", true)]
    [InlineData("abc-17", true)]
    [InlineData("abc-9223372036854775807", true)]
    [InlineData("abc-9223372036854775808", false)]
    [InlineData("abc-017", false)]
    [InlineData("abc-+7", false)]
    [InlineData("abc- 7", false)]
    [InlineData("abc-", false)]
    [InlineData("-7", false)]
    [InlineData("ABC-7", false)]
    [InlineData("abc", false)]
    [InlineData("abcabcabcabcabc-7", false)]
    [InlineData("", false)]
    public void EventIdTryParse_Text_HasOneSpellingPerId(string text, bool expected)
    {
        Assert.Equal(expected, EventId.TryParse(text, out var id));
        if (expected)
            Assert.Equal(text, id.ToString());
    }
}

using Buffkit.Streams.Redis;
using StackExchange.Redis;

namespace Buffkit.Tests;

public sealed class RedisLogEntryTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Id":null,"Source":"/s","Subject":null,"Time":null,"DataSchema":null,"DataContentType":null,"Extensions":[]}""")]
    [InlineData("""{"Id":"1","Source":"/s","Subject":null,"Time":null,"DataSchema":null,"DataContentType":null,"Extensions":[{"Key":"a","Value":"b"}]}""")]
    public void Read_AttributesOfAnotherShape_AreAnErrorThatNamesTheEntry(string attributes)
    {
        NameValueEntry[] fields = [new("time", 1), new("topic", "a"), new("type", "t"), new("cloudevent", attributes), new("data", "1")];

        var error = Assert.Throws<FormatException>(() => RedisLogEntry.Read(new RedisPosition(1, 7), fields));

        Assert.Contains("1-7", error.Message, StringComparison.Ordinal);
    }
}

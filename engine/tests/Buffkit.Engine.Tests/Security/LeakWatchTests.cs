using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>What watches the logs of all other tests finds what it is there to find.</summary>
public sealed class LeakWatchTests
{
    [Theory]
    [InlineData("The token was CfDJ8Lm0aaaaaaaaaaaaaaaaaaaaaaaaa.")]
    [InlineData("Authorization: Bearer abc")]
    [InlineData("Cookie: event-session=x")]
    [InlineData("encrypted as eyJhbGciOiJkaXIi.x")]
    [InlineData("published {\"secret\":1}")]
    public void Line_TellsASecret_IsFound(string line)
    {
        using var watch = new LeakWatch();
        watch.Add("{\"secret\":1}");
        var logger = watch.CreateLogger("Buffkit.Streams.Any");

        logger.Log(LogLevel.Trace, default, line, null, static (text, _) => text);

        Assert.Single(watch.Findings);
    }

    [Fact]
    public void Line_NamesASession_IsNone()
    {
        using var watch = new LeakWatch();
        watch.CreateLogger("Buffkit.Streams.Any").Log(LogLevel.Information, default, "Session RxceyJlvRrhLgZjZ was revoked.", null, static (text, _) => text);
        Assert.Empty(watch.Findings);
    }

    [Fact]
    public async Task Server_LogsAToken_FailsItsTest()
    {
        var server = await StreamsServer.StartAsync();
        server.Services.GetRequiredService<ILogger<IEventLog>>().Log(LogLevel.Debug, default, "The token was CfDJ8Lm0aaaaaaaaaaaaaaaaaaaaaaaaa.", null, static (text, _) => text);

        await Assert.ThrowsAnyAsync<Exception>(async () => await server.DisposeAsync());
    }
}

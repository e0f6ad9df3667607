using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.DependencyInjection;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>A session's cookie where TLS ends elsewhere, or nowhere.</summary>
public sealed class PlainHttpTests
{
    [Theory]
    [InlineData("Production", 1)]
    [InlineData("Development", 0)]
    public async Task Cookie_OverPlainHttp_IsSpokenOfOnceOutsideDevelopment(string environment, int warnings)
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(
            services: services =>
            {
                log.Add(services);
                services.AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = environment });
            });

        for (var i = 0; i < 3; i++)
        {
            var cookie = await CookieAsync(server, TestAuthentication.As("ada"));
            Assert.StartsWith("event-session=", cookie, StringComparison.Ordinal);
        }

        Assert.Equal(warnings, log.Records.Count(record => record.Id.Id == 105));
    }

    [Fact]
    public async Task Cookie_BehindAProxyThatEndsTls_IsSecureAndNotSpokenOf()
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Proxies:Addresses:0"] = "127.0.0.1" }, services: log.Add);

        var cookie = await CookieAsync(
            server, TestAuthentication.As("ada"), ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https"));

        Assert.StartsWith("__Host-event-session=", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(log.Records, record => record.Id.Id == 105);
    }

    [Fact]
    public async Task Cookie_SchemeForwardedByNobodyConfigured_IsNotBelieved()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Proxies:Addresses:0"] = "192.0.2.1" });

        var cookie = await CookieAsync(server, TestAuthentication.As("ada"), ("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Proto", "https"));

        Assert.StartsWith("event-session=", cookie, StringComparison.Ordinal);
    }

    private static async Task<string> CookieAsync(StreamsServer server, params (string Name, string Value)[] headers)
    {
        using var response = await server.SendAsync(HttpMethod.Post, "events/session", [.. Browser, .. headers]);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("Set-Cookie").Single();
    }
}

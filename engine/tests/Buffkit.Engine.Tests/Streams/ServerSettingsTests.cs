using Buffkit.Migrations.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace Buffkit.Tests;

/// <summary>What <c>doctor</c> finds in the settings of a server.</summary>
public sealed class ServerSettingsTests
{
    [Fact]
    public async Task Settings_OfAServerThatIsSetUp_AreWell()
    {
        var results = await LookAsync(
            "Production", "Streams:Heartbeat=00:00:20", "Streams:Redis:KeyPrefix=shop", "Streams:Presence:Topics:0=rooms/*", "Streams:Limits:Breaker:Failures=5",
            "Streams:Proxies:Networks:0=10.0.0.0/8", "AllowedHosts=shop.example", "Management:Port=9090", "ConnectionStrings:redis=redis:6379");

        Assert.All(results, result => Assert.Equal((result.Name, CheckState.Ok), (result.Name, result.State)));
        Assert.Equal(5, results.Count);
    }

    [Theory]
    [InlineData("Streams:Hartbeat=00:00:20", "Streams:Hartbeat (is Streams:Heartbeat meant?)")]
    [InlineData("Streams:Limits:ConectionsPerSession=5", "is Streams:Limits:ConnectionsPerSession meant?")]
    [InlineData("Streams:Redis:Prefix=shop", "Streams:Redis:Prefix")]
    [InlineData("Streams:Presence:Topic:0=rooms/*", "Streams:Presence:Topic:0")]
    [InlineData("Streams:Somethingquiteother:Altogether=1", "Streams:Somethingquiteother:Altogether:")]
    public async Task Settings_NameThatNobodyReads_IsNamedWithTheNearest(string setting, string expected)
    {
        var result = (await LookAsync("Production", setting)).Of("streams settings");

        Assert.Equal(CheckState.Warning, result.State);
        Assert.Contains(expected, result.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Streams:Heartbeat=soon", "Streams:Heartbeat")]
    [InlineData("Streams:Heartbeat=02:00:00", "Heartbeat")]
    [InlineData("Streams:Proxies:Networks:0=everybody", "everybody")]
    public async Task Settings_ValueThatAServerRefuses_Fails(string setting, string expected)
    {
        var result = (await LookAsync("Production", setting)).Of("streams settings");

        Assert.Equal(CheckState.Failed, result.State);
        Assert.Contains(expected, result.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production", "", nameof(CheckState.Ok))]
    [InlineData("Production", "Streams:Authorization:Default=Open", nameof(CheckState.Failed))]
    [InlineData("Production", "ASPNETCORE_ENVIRONMENT=Development", nameof(CheckState.Ok))]
    [InlineData("Development", "ConnectionStrings:appdb=Host=localhost;Database=shop", nameof(CheckState.Ok))]
    [InlineData("Development", "ConnectionStrings:appdb=Data Source=app.db", nameof(CheckState.Ok))]
    [InlineData("Development", "ConnectionStrings:redis=127.0.0.1:6379,password=x", nameof(CheckState.Ok))]
    [InlineData("Development", "ConnectionStrings:redis=redis.shop.example:6379", nameof(CheckState.Warning))]
    [InlineData("Development", "ConnectionStrings:appdb=Server=db.shop.example;Database=shop", nameof(CheckState.Warning))]
    [InlineData("Development", "ASPNETCORE_ENVIRONMENT=Production", nameof(CheckState.Ok))]
    public async Task Access_OpenWhereOthersReachIt_IsFound(string environment, string setting, string expected)
    {
        var result = (await LookAsync(environment, setting)).Of("streams access");

        Assert.Equal(expected, $"{result.State}");
        Assert.DoesNotContain("example", result.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("streams access", "Streams:Authorization:Default=1", nameof(CheckState.Failed))]
    [InlineData("streams access", "Streams:Authorization:Default= Open ", nameof(CheckState.Failed))]
    [InlineData("host names", "Management:Port=9090", nameof(CheckState.Ok))]
    [InlineData("host names", "AllowedHosts=", nameof(CheckState.Warning))]
    [InlineData("host names", "AllowedHosts=*", nameof(CheckState.Warning))]
    [InlineData("host names", "AllowedHosts=shop.example;*.shop.example", nameof(CheckState.Ok))]
    [InlineData("proxies", "ASPNETCORE_FORWARDEDHEADERS_ENABLED=true", nameof(CheckState.Warning))]
    [InlineData("proxies", "Streams:Proxies:Networks:0=0.0.0.0/0", nameof(CheckState.Warning))]
    [InlineData("proxies", "Streams:Proxies:Addresses:0=10.0.0.1", nameof(CheckState.Ok))]
    [InlineData("management port", "AllowedHosts=shop.example", nameof(CheckState.Warning))]
    [InlineData("management port", "Management:Port=0", nameof(CheckState.Warning))]
    [InlineData("management port", "Management:Port=9090", nameof(CheckState.Ok))]
    public async Task Server_SettingOfAnOpenDoor_Warns(string check, string setting, string expected) =>
        Assert.Equal(expected, $"{(await LookAsync("Production", setting)).Of(check).State}");

    [Fact]
    public async Task Server_NothingOfItsSettingsRead_SaysHowToReadThem()
    {
        var results = await LookAsync("Production", "Database:Provider=sqlite");

        Assert.All(results, result => Assert.Equal((result.Name, CheckState.Ok), (result.Name, result.State)));
        Assert.All(
            (string[])["streams access", "host names", "proxies", "management port"],
            name => Assert.Contains("--settings", results.Of(name).Found, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Proxies_NamedBesideTheVariable_AreAloneBelieved()
    {
        var result = (await LookAsync("Production", "ASPNETCORE_FORWARDEDHEADERS_ENABLED=true", "Streams:Proxies:Networks:0=10.0.0.0/8")).Of("proxies");

        Assert.Equal(CheckState.Ok, result.State);
    }

    private static Task<IReadOnlyList<CheckResult>> LookAsync(string environment, params string[] settings) => Doctor.RunAsync(
        checks =>
        {
            checks.Services.AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = environment });
            checks.AddEventStreamsDoctor();
        },
        settings.Where(setting => setting.Length > 0).Select(setting => KeyValuePair.Create<string, string?>(setting.Split('=', 2)[0], setting.Split('=', 2)[1])));
}

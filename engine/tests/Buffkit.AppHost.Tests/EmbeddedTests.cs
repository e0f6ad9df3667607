using System.Net.Http.Json;
using Buffkit.Tests;

namespace Buffkit.AppHost.Tests;

/// <summary>The same API and migrations without containers.</summary>
[Collection(nameof(RunningApplication))]
public sealed class EmbeddedTests(EmbeddedApplication application) : IClassFixture<EmbeddedApplication>
{
    [Fact]
    public async Task Order_WithoutContainers_IsTakenAndArrives()
    {
        Assert.DoesNotContain(application.Model.Resources, resource => resource is ContainerResource);
        var address = application.Address("api");
        await using var watcher = await EventStreamClient.ConnectAsync(address, "orders/**");

        using var client = new HttpClient { BaseAddress = address };
        var response = await client.PostAsJsonAsync(
            "/orders", new { customer = "Ada", item = "Espresso" }, TestContext.Current.CancellationToken);

        response.EnsureSuccessStatusCode();
        Assert.Equal("order.created", (await watcher.NextAsync()).EventType);
        var status = await application.RunAsync("migrations", "status");
        Assert.Contains("sqlite", status.Data?.Value);
        var doctor = await application.RunAsync("migrations", "doctor");
        Assert.True(doctor.Success, doctor.Data?.Value);
        Assert.Contains("servers run alone", doctor.Data?.Value);
        Assert.Contains("The environment is Development", doctor.Data?.Value);
    }
}

public sealed class EmbeddedApplication() : RunningApplication("--embedded");

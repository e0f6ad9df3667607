using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.AppHost.Tests;

/// <summary>The whole model, with real containers.</summary>
[Collection(nameof(RunningApplication))]
public sealed class ApplicationTests : IClassFixture<ContainerApplication>
{
    private readonly ContainerApplication _application;

    public ApplicationTests(ContainerApplication application)
    {
        Buffkit.Tests.ContainerEngine.RequireOrSkip();
        _application = application;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Application_Starts_EveryPartIsUp()
    {
        foreach (var container in (string[])["redis", "postgres", "mysql"])
        {
            await _application.HealthyAsync(container);
        }

        foreach (var migrations in (string[])["migrations", "mysql-migrations"])
        {
            var ended = await _application.WhenAsync(migrations, snapshot => snapshot.ExitCode is not null);
            Assert.Equal(0, ended.ExitCode);
        }

        var replicas = await _application.ReplicasAsync();
        Assert.Equal(2, replicas.Count);
        foreach (var (_, address) in replicas)
        {
            var health = await new HttpClient().GetFromJsonAsync<JsonElement>(new Uri(address, "/health"), Cancellation);
            Assert.Equal("Healthy", health.GetProperty("status").GetString());
            Assert.Equal("Healthy", health.GetProperty("parts").GetProperty("redis").GetProperty("status").GetString());
        }
    }

    [Fact]
    public async Task Order_PostedThroughOneReplica_ArrivesThroughTheOther()
    {
        var replicas = (await _application.ReplicasAsync()).Values.ToArray();
        await using var watcher = await EventStreamClient.ConnectAsync(replicas[0], "orders/**");

        var order = await OrderAsync(replicas[1], "Ada");

        var item = await watcher.NextAsync();
        Assert.Equal("order.created", item.EventType);
        Assert.Equal(order, JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task StatusCommand_AfterTheStart_ShowsAppliedMigrations()
    {
        var result = await _application.RunAsync("migrations", "status");

        Assert.True(result.Success, result.Message);
        Assert.Contains("add_orders", result.Data?.Value);
        Assert.Contains("postgres", result.Data?.Value);
        Assert.Contains(" 0 pending", result.Data?.Value);
        AssertPlainWords(result);
    }

    [Fact]
    public async Task DoctorCommand_AfterTheStart_LooksAtWhatTheApiUses()
    {
        var result = await _application.RunAsync("migrations", "doctor");

        // Its end may be that of a failure, as the databases of tests are set up to be fast.
        var text = result.Data?.Value;
        Assert.Contains("database: postgres 1", text, StringComparison.Ordinal);
        Assert.Contains("redis: The primary is ", text, StringComparison.Ordinal);
        Assert.Contains("The environment is Development", text, StringComparison.Ordinal);
        Assert.Contains(Path.Combine("Buffkit.Api", "appsettings.json"), text, StringComparison.Ordinal);
        AssertPlainWords(result);
    }

    [Fact]
    public async Task Dashboard_AskedForAPage_Answers()
    {
        using var client = new HttpClient();

        var page = await client.GetStringAsync(_application.Address("aspire-dashboard"), Cancellation);

        Assert.Contains("<html", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task RollBackCommand_ThenDryRunAndStart_LeavesTheSchemaAsItWas()
    {
        var before = (await _application.WhenAsync(
            "mysql-migrations", snapshot => snapshot is { ExitCode: 0, StopTimeStamp: not null })).StopTimeStamp;
        var down = await _application.RunAsync("mysql-migrations", "down");
        Assert.True(down.Success, down.Data?.Value);
        AssertPlainWords(down);

        var dryRun = await _application.RunAsync("mysql-migrations", "dry-run");
        Assert.Contains("ALTER TABLE event_outbox ADD COLUMN trace_parent", dryRun.Data?.Value);
        var status = await _application.RunAsync("mysql-migrations", "status");
        Assert.DoesNotContain(" 0 pending", status.Data?.Value);

        await _application.RunAsync("mysql-migrations", KnownResourceCommands.StartCommand);
        await _application.WhenAsync(
            "mysql-migrations", snapshot => snapshot is { ExitCode: 0, StopTimeStamp: { } ended } && ended > before);
        status = await _application.RunAsync("mysql-migrations", "status");
        Assert.Contains(" 0 pending", status.Data?.Value);
    }

    [Fact]
    public async Task SeedCommand_WithTheSeedsOfDevelopment_FillsTheTable()
    {
        var result = await _application.RunAsync("migrations", "seed");

        Assert.True(result.Success, result.Data?.Value);
        AssertPlainWords(result);
        var orders = await new HttpClient().GetFromJsonAsync<JsonElement[]>(
            new Uri(_application.Address("api"), "/orders?limit=500"), Cancellation);
        Assert.Contains(orders!, order => order.GetProperty("customer").GetString() == "Ada Lovelace");
    }

    [Fact]
    public async Task PublishCommand_WithAWatcherOnEachReplica_ReachesThem()
    {
        foreach (var (name, address) in await _application.ReplicasAsync())
        {
            await using var watcher = await EventStreamClient.ConnectAsync(address, "test");

            var result = await _application.RunAsync(name, "publish-test-event");

            Assert.True(result.Success, result.Message);
            Assert.Equal("test.published", (await watcher.NextAsync()).EventType);
        }
    }

    [Fact]
    public async Task DrainCommand_WithAWatcher_TellsItToComeBackAndRestartsTheReplica()
    {
        var (name, address) = (await _application.ReplicasAsync()).First();
        await using var watcher = await EventStreamClient.ConnectAsync(address, "orders/**");

        var draining = _application.RunAsync(name, "drain");

        var item = await watcher.NextAsync();
        Assert.Equal("stream.close", item.EventType);
        Assert.Equal("drain", JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("reason").GetString());
        await watcher.AssertEndedAsync();
        var result = await draining;
        Assert.True(result.Success, result.Message);
        await RunningApplication.PartAsync(AddressAsync, "streams", healthy: true);
        await OrderAsync(await AddressAsync(), "Grace");

        async Task<Uri> AddressAsync() => (await _application.ReplicasAsync())[name];
    }

    [Fact]
    public async Task Redis_StoppedAndStarted_TheApiSaysSoAndStreamsGoOn()
    {
        var address = _application.Address("api");
        await using var watcher = await EventStreamClient.ConnectAsync(address, "orders/**");

        await _application.RunAsync("redis", KnownResourceCommands.StopCommand);
        await RunningApplication.PartAsync(() => Task.FromResult(address), "redis", healthy: false);

        await _application.RunAsync("redis", KnownResourceCommands.StartCommand);
        await _application.HealthyAsync("redis");
        foreach (var (_, replica) in await _application.ReplicasAsync())
        {
            await RunningApplication.PartAsync(() => Task.FromResult(replica), "redis", healthy: true);
        }

        await OrderAsync(address, "Edsger");
        var item = await watcher.NextAsync();
        if (item.EventType == "stream.gap")
        {
            // Without its volume Redis came back empty, which is said before what is new.
            item = await watcher.NextAsync();
        }

        Assert.Equal("order.created", item.EventType);
    }

    /// <summary>What the dashboard shows of a command is the command's own words: no colours, no lines of a log.</summary>
    private static void AssertPlainWords(ExecuteCommandResult result)
    {
        Assert.DoesNotContain("\u001b", result.Data?.Value);
        Assert.DoesNotMatch(@"(?m)^(info|warn|fail|dbug): ", result.Data?.Value);
    }

    [Fact]
    public async Task Replica_ThatHangs_IsNamedAndTheOtherIsWell()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux' signal stops a process without ending it.");
        var (sick, _) = (await _application.ReplicasAsync()).First();
        var process = (await _application.WhenAsync(sick, HasProcess)).Properties.Single(IsProcess).Value!.ToString()!;

        await SignalAsync("-STOP", process);
        try
        {
            var snapshot = await _application.WhenAsync(sick, snapshot => snapshot.HealthReports.Any(
                report => report.Status == HealthStatus.Unhealthy && report.Description!.Contains(sick, StringComparison.Ordinal)));

            Assert.Single(snapshot.HealthReports, report => report.Name.Contains("replica") && report.Status == HealthStatus.Healthy);
        }
        finally
        {
            await SignalAsync("-CONT", process);
        }

        await _application.HealthyAsync("api");

        // The process is `dotnet run`; its only child is the API.
        static async Task SignalAsync(string signal, string parent)
        {
            using var kill = Process.Start("pkill", [signal, "--parent", parent]);
            await kill.WaitForExitAsync(Cancellation);
            Assert.Equal(0, kill.ExitCode);
        }

        static bool HasProcess(CustomResourceSnapshot snapshot) => snapshot.Properties.Any(IsProcess);
        static bool IsProcess(ResourcePropertySnapshot property) => property.Name == "executable.pid" && property.Value is not null;
    }

    [Fact]
    public async Task Replicas_InTheDashboard_EachHasLinksOfItsOwn()
    {
        foreach (var (name, address) in await _application.ReplicasAsync())
        {
            var links = await _application.WhenAsync(
                name, snapshot => snapshot.Urls.Any(url => url.Url == new Uri(address, "/health").ToString()));

            Assert.Contains(links.Urls, url => url.Url == new Uri(address, "/metrics").ToString());
            Assert.Contains(links.Urls, url => url.Url == new Uri(_application.Address("api"), "/openapi/v1.json").ToString());
        }
    }

    private static async Task<long> OrderAsync(Uri api, string customer)
    {
        using var client = new HttpClient { BaseAddress = api };
        var response = await client.PostAsJsonAsync("/orders", new { customer, item = "Espresso" }, Cancellation);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("id").GetInt64();
    }
}

/// <summary>With both databases. It starts only where containers can be; there it never falls back to running without.</summary>
public sealed class ContainerApplication() : RunningApplication("--Embedded=false", "--Database=both")
{
    public override ValueTask InitializeAsync() =>
        Buffkit.Tests.ContainerEngine.Answers ? base.InitializeAsync() : ValueTask.CompletedTask;
}

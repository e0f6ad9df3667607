using System.Diagnostics;
using System.Text.Json;
using Buffkit.Streams;
using Buffkit.Streams.Encryption;
using Buffkit.Streams.Redis;
using Buffkit.Streams.Sql;

namespace Buffkit.Tests;

/// <summary>The migration service's command <c>doctor</c> with all that the solution has.</summary>
public sealed class DoctorTests(RedisServer redis)
{
    [Fact]
    public async Task Doctor_WithRedisAndTheApisSettings_LooksAtAllOfThem()
    {
        var folder = Directory.CreateTempSubdirectory("doctor-");
        try
        {
            var settings = Path.Combine(folder.FullName, "appsettings.json");
            await File.WriteAllTextAsync(settings, """{ "AllowedHosts": "", "Streams": { "Hartbeat": "00:00:20" } }""", TestContext.Current.CancellationToken);

            var (code, json) = await RunAsync(await redis.StartAsync(), Path.Combine(folder.FullName, "app.db"), "--settings", settings);

            var checks = json.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("state").GetString());
            Assert.Equal(
                (0, "ok", "ok", "ok", "warning", "warning", "warning"),
                (code, checks["database"], checks["redis"], checks["redis eviction"], checks["schema"], checks["streams settings"], checks["host names"]));
            Assert.Contains(settings, json.GetRawText(), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Doctor_RedisThatIsAway_EndsWith4AndLooksAtTheDatabase()
    {
        var folder = Directory.CreateTempSubdirectory("doctor-");
        try
        {
            var (code, json) = await RunAsync("127.0.0.1:1,password=hidden", Path.Combine(folder.FullName, "app.db"));

            var checks = json.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("state").GetString());
            Assert.Equal((4, "failed", "skipped", "ok"), (code, checks["redis"], checks["redis memory"], checks["database"]));
            Assert.DoesNotContain("hidden", json.GetRawText(), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Rights_InTheDocs_AreThoseThatAreAskedFor()
    {
        var keys = new RedisKeys(new RedisOptions());

        Assert.Contains($"{keys.Pattern} {keys.ChannelPattern} {RedisRights.Rights}", File.ReadAllText(Repository.Folder("docs/scaling.md")), StringComparison.Ordinal);
    }

    // The engine cannot ask packages that it does not know for the names of their settings.
    [Fact]
    public void SettingNames_OfOtherPackages_AreThoseOfTheirOptions()
    {
        string[] names =
        [
            .. SettingNames.Of(typeof(EncryptionOptions), EncryptionOptions.Section), .. SettingNames.Of(typeof(HistoryOptions), HistoryOptions.Section),
            .. SettingNames.Of(typeof(OutboxOptions), OutboxOptions.Section), .. SettingNames.Of(typeof(RedisOptions), RedisOptions.Section),
        ];

        Assert.Equal(names.Order(StringComparer.Ordinal), SettingNames.OfOthers.Order(StringComparer.Ordinal));
    }

    private static async Task<(int ExitCode, JsonElement Json)> RunAsync(string redis, string file, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, WorkingDirectory = Path.GetDirectoryName(file) };
        // Its own output: it has the scripts beside it.
        var program = Path.GetFullPath(Path.Combine(
            AppContext.BaseDirectory, "..", "..", "Buffkit.MigrationService", new DirectoryInfo(AppContext.BaseDirectory).Name, "Buffkit.MigrationService.dll"));
        foreach (var argument in (string[])["exec", program, "doctor", "--json", .. arguments])
            start.ArgumentList.Add(argument);
        start.Environment["ConnectionStrings__appdb"] = $"Data Source={file}";
        start.Environment["ConnectionStrings__redis"] = redis;
        start.Environment.Remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, JsonDocument.Parse(output).RootElement.Clone());
    }
}

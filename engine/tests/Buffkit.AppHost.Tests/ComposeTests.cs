using System.Diagnostics;

namespace Buffkit.AppHost.Tests;

/// <summary>What <c>aspire publish -- --target compose</c> writes.</summary>
public sealed class ComposeTests
{
    [Fact]
    public async Task Publish_ToCompose_RunsTheMigrationsBeforeTheApi()
    {
        var api = Service(await PublishAsync(), "api");

        Assert.Matches("""migrations:\s+condition: "service_completed_successfully" """.TrimEnd(), api);
        Assert.Contains("\"${PUBLIC_PORT:-8080}:${API_PORT}\"", api);
        Assert.Contains("stop_grace_period: \"60s\"", api);
        Assert.Contains("ConnectionStrings__redis: \"redis:6379,password=${REDIS_PASSWORD}\"", api);
    }

    [Fact]
    public async Task Publish_ToCompose_HoldsNoSecretAndOnlyTheChosenDatabase()
    {
        var compose = await PublishAsync();

        Assert.Contains("POSTGRES_PASSWORD: \"${POSTGRES_PASSWORD}\"", Service(compose, "postgres"));
        Assert.DoesNotContain("mysql", compose, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Publish_WithMySql_TakesTheConnectionStringFromOutside()
    {
        var compose = await PublishAsync("--database", "mysql");

        Assert.Contains("ConnectionStrings__appdb: \"${MYSQLDB}\"", Service(compose, "api"));
        Assert.DoesNotContain("image: \"docker.io/library/mysql", compose);
        Assert.DoesNotContain("postgres", compose, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Publish_ToCompose_BelievesNobodysForwardedHeaders() =>
        Assert.DoesNotContain("FORWARDEDHEADERS", await PublishAsync());

    [Fact]
    public async Task Publish_ToCompose_WaitsUntilDatabaseAndRedisAnswer()
    {
        var compose = await PublishAsync();

        Assert.Contains("pg_isready", Service(compose, "postgres"));
        Assert.Contains("redis-cli ping", Service(compose, "redis"));
        Assert.Matches("""postgres:\s+condition: "service_healthy" """.TrimEnd(), Service(compose, "migrations"));
        Assert.Matches("""redis:\s+condition: "service_healthy" """.TrimEnd(), Service(compose, "api"));
        Assert.DoesNotContain("service_started", compose);
    }

    [Fact]
    public async Task Publish_ToCompose_PublishesThePortOfTheApiOnly()
    {
        var compose = await PublishAsync();

        Assert.DoesNotContain("dashboard", compose);
        Assert.Single(compose.Split('\n'), line => line.Trim() == "ports:");
    }

    private static string Service(string compose, string name) =>
        compose[compose.IndexOf($"\n  {name}:\n", StringComparison.Ordinal)..];

    private static async Task<string> PublishAsync(params string[] more)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("compose");
        try
        {
            var appHost = typeof(Projects.Buffkit_AppHost).Assembly.Location;
            using var process = Process.Start(new ProcessStartInfo(
                "dotnet",
                [
                    "exec", appHost, "--operation", "publish", "--step", "publish", "--output-path", folder.FullName,
                    "--target", "compose", .. more,
                ])
            {
                RedirectStandardOutput = true,
            })!;
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            Assert.True(process.ExitCode == 0, output);
            return (await File.ReadAllTextAsync(Path.Combine(folder.FullName, "docker-compose.yaml"), cancellation))
                .ReplaceLineEndings("\n");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

using System.Text;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>Other people's clients, unmodified, against the API: the scenarios of <c>clients/compatibility</c>, a row for each client.</summary>
public sealed class OtherClientsTests(OtherClients clients) : IClassFixture<OtherClients>
{
    private static readonly string[] Scenarios =
        [.. Directory.EnumerateFiles(Repository.Folder("clients/compatibility/scenarios")).Select(file => Path.GetFileNameWithoutExtension(file))];

    public static TheoryData<string> Clients => new(
        Directory.EnumerateFiles(Repository.Folder("clients/compatibility/tests"), "*.test.js")
            .Select(file => Path.GetFileName(file).Replace(".test.js", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Client_ThroughAllScenarios_GetsEveryEventOnceInOrder(string client)
    {
        var (results, errors) = await clients.ResultsAsync();

        // A file that could not be run at all goes by its name.
        var own = results.Where(result => result.Client == client || result.Client.EndsWith($"{client}.test.js", StringComparison.Ordinal)).ToArray();
        var report = new StringBuilder();
        foreach (var result in own)
        {
            report.Append(' ', 2 * result.Nesting).Append(result.Skipped is not null ? "skipped " : result.Passed ? "passed " : "FAILED ").Append(result.Name)
                .AppendLine(result.Skipped is { } reason ? $": {reason}" : $" ({result.Milliseconds} ms)");
            if (result.Error is not null)
                report.AppendLine(result.Error);
        }

        TestContext.Current.TestOutputHelper?.Write(report.ToString());
        Assert.True(own.All(result => result.Passed), $"{report}\n{errors}");
        // Each was run or says why not; a file that ended before its time has fewer.
        Assert.Superset(Scenarios.ToHashSet(), own.Select(result => result.Name).ToHashSet());
    }
}

/// <summary>The one run of all clients, side by side, which each row waits for.</summary>
public sealed class OtherClients(NodePrograms node) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    // A client mostly waits; more of them at once would keep each other from their processors.
    private static readonly int AtOnce = Math.Max(4, Environment.ProcessorCount);

    private readonly SemaphoreSlim _once = new(1, 1);
    private (Result[] Results, string Errors)? _run;

    public async Task<(Result[] Results, string Errors)> ResultsAsync()
    {
        var folder = await node.FolderAsync();
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _run ??= await RunAsync(folder);
        }
        finally
        {
            _once.Release();
        }
    }

    public void Dispose() => _once.Dispose();

    private static async Task<(Result[] Results, string Errors)> RunAsync(string folder)
    {
        var (_, output, errors) = await NodePrograms.RunAsync(
            folder, Patience, new() { ["API_PROGRAM"] = ApiProcess.Program }, "node",
            "--test", $"--test-concurrency={AtOnce}", "--test-reporter=./support/reporter.js");
        var results = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<Result>(line, JsonSerializerOptions.Web)!)
            .ToArray();
        return (results, errors);
    }

    /// <summary>What became of a client (nesting 0), a scenario (1) or a part of one.</summary>
    public sealed record Result(string Client, string Name, int Nesting, bool Passed, string? Skipped, int Milliseconds, string? Error);
}

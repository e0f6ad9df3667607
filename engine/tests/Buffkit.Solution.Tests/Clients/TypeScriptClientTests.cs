namespace Buffkit.Tests;

/// <summary>The client in TypeScript: its own tests, some of which need a server, and the copy of it that the live page uses.</summary>
public sealed class TypeScriptClientTests(NodePrograms node)
{
    private const string Client = "clients/typescript";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task Package_BuiltAndTestedAgainstTheApi_Passes()
    {
        var folder = await node.FolderAsync(Client);
        await using var api = await ApiProcess.StartAsync();

        var (exitCode, output, errors) = await NodePrograms.RunAsync(
            folder, Patience, new() { ["EVENTS_URL"] = new Uri(api.Address, "events").ToString() }, "npm", "test");

        Assert.True(exitCode == 0, $"{output}\n{errors}");
    }

    /// <summary>A build without Node serves the committed copy. <c>npm run page</c> in the client's folder writes it anew.</summary>
    [Fact]
    public async Task Copy_OfThePage_IsWhatTheSourceMakes()
    {
        var folder = await node.FolderAsync(Client);
        var made = Path.Combine(Directory.CreateTempSubdirectory("bundle-").FullName, "event-stream.js");

        var (exitCode, output, errors) = await NodePrograms.RunAsync(folder, Patience, [], "node", "scripts/bundle.mjs", made);

        Assert.True(exitCode == 0, $"{output}\n{errors}");
        Assert.Equal(await File.ReadAllTextAsync(made, TestContext.Current.CancellationToken), await File.ReadAllTextAsync(Repository.Folder("Buffkit.Api/wwwroot/lib/event-stream.js"), TestContext.Current.CancellationToken));
    }
}

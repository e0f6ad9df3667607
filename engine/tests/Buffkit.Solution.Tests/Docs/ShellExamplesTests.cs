using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>The shell commands of the pages do what the text around them says, against the API as a process.</summary>
public sealed partial class ShellExamplesTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task TryIt_InItsOrder_ShowsOrdersAndGoesOnWhereItLeftOff()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        var text = DocsPages.Read("README.md");
        text = text[text.IndexOf("## Try it", StringComparison.Ordinal)..];
        text = text[..text.IndexOf("\n## ", StringComparison.Ordinal)];
        var commands = Command().Matches(text).Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(3, commands.Length);
        var (subscribe, order, resume) = (commands[0], commands[1], commands[2]);

        string id;
        using (var watching = Start(subscribe))
        {
            await ReadToAsync(watching, "event: stream.open");
            await RunAsync(order);
            await ReadToAsync(watching, "event: order.created");
            id = (await ReadToAsync(watching, "id: "))["id: ".Length..];
            watching.Kill();
        }

        await RunAsync(order);
        using var resumed = Start(resume.Replace("…", id, StringComparison.Ordinal));
        await ReadToAsync(resumed, "event: order.created");
        Assert.Contains("Espresso", await ReadToAsync(resumed, "data: "), StringComparison.Ordinal);
        Assert.NotEqual(id, (await ReadToAsync(resumed, "id: "))["id: ".Length..]);
        resumed.Kill();
    }

    [Theory]
    [InlineData("docs/operations.md", "{\"status\":\"Healthy\"")]
    [InlineData("docs/observability.md", "event_streams_")]
    public async Task Page_CurlCommands_Answer(string page, string answer)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        var commands = DocsPages.Blocks(page, "console").SelectMany(block => Prompt().Matches(block.Text)).Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(commands);

        var answers = await Task.WhenAll(commands.Select(RunAsync));

        Assert.Contains(answers, text => text.Contains(answer, StringComparison.Ordinal));
    }

    private Process Start(string command) => Process.Start(new ProcessStartInfo("bash", ["-c", $"exec {command.Replace("localhost:5080", _api.Address.Authority, StringComparison.Ordinal)}"])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private async Task<string> RunAsync(string command)
    {
        using var process = Start(command);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    /// <summary>Reads lines to the first that begins so.</summary>
    private static async Task<string> ReadToAsync(Process process, string beginning)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
                return line;
        }

        throw new EndOfStreamException($"The command ended before '{beginning}'.");
    }

    [GeneratedRegex(@"^\$ (curl .*)$", RegexOptions.Multiline)]
    private static partial Regex Prompt();

    [GeneratedRegex("^    (curl .*)$", RegexOptions.Multiline)]
    private static partial Regex Command();
}

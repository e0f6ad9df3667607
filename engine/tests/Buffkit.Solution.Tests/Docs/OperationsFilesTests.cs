using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Buffkit.Migrations;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>The alert rules and the dashboard in <c>docs/operations</c> ask for names that the service exports.</summary>
public sealed partial class OperationsFilesTests
{
    private const string Rules = "docs/operations/alerts.yml";
    private const string Dashboard = "docs/operations/dashboard.json";

    // What the exporter adds for units and kinds.
    private static readonly string[] Suffixes =
        ["", "_total", "_bytes", "_bytes_total", "_seconds", "_seconds_bucket", "_seconds_sum", "_seconds_count"];

    [Theory]
    [InlineData(Rules)]
    [InlineData(Dashboard)]
    [InlineData("docs/operations/troubleshooting.md")]
    public void Queries_AskForNamesOfTheTelemetryClasses(string file)
    {
        var known = Constants().SelectMany(name => Suffixes.Select(suffix => Exported(name) + suffix)).ToHashSet(StringComparer.Ordinal);

        var asked = Names(DocsPages.Read(file));

        Assert.NotEmpty(asked);
        Assert.Empty(asked.Except(known));
    }

    // A counter that nobody has counted with yet is not exported, so what is there is compared.
    [Fact]
    public async Task Queries_SpellWhatIsExportedAsItIs()
    {
        var folder = Directory.CreateTempSubdirectory("operations-");
        string metrics;
        await using (var api = await ApiProcess.StartAsync(folder.FullName))
            metrics = await api.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        folder.Delete(recursive: true);
        var exported = Regex.Matches(metrics, @"^# TYPE ((?:event_streams|migrations)_\w+) (\w+)", RegexOptions.Multiline)
            .Select(match => (Name: match.Groups[1].Value, Kind: match.Groups[2].Value)).ToArray();
        var asked = Names(DocsPages.Read(Rules)).Union(Names(DocsPages.Read(Dashboard))).ToArray();

        foreach (var constant in Constants())
        {
            var family = exported.Where(one => Suffixes.Contains(one.Name.Replace(Exported(constant), "", StringComparison.Ordinal)) && one.Name.StartsWith(Exported(constant), StringComparison.Ordinal)).ToArray();
            var spelled = asked.Where(name => Suffixes.Any(suffix => name == Exported(constant) + suffix));
            if (family is [var (name, kind)])
                Assert.All(spelled, one => Assert.Contains(one, kind == "histogram" ? [$"{name}_bucket", $"{name}_sum", $"{name}_count"] : (string[])[name]));
        }

        Assert.True(exported.Length > 20, $"Only {exported.Length} are exported.");
    }

    [Fact]
    public async Task Rules_AreRead_ByPrometheus()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "promtool is not installed (Debian package prometheus).");
        using var promtool = Process.Start(new ProcessStartInfo("/usr/bin/promtool", ["check", "rules", Repository.Folder(Rules)]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(promtool.ExitCode == 0, said);
    }

    [Fact]
    public void Dashboard_IsWhatGrafanaImports()
    {
        var dashboard = JsonSerializer.Deserialize<JsonElement>(DocsPages.Read(Dashboard));

        Assert.All(dashboard.GetProperty("panels").EnumerateArray(), panel =>
        {
            Assert.NotEmpty(panel.GetProperty("title").GetString()!);
            Assert.All(panel.GetProperty("targets").EnumerateArray(), target => Assert.NotEmpty(target.GetProperty("expr").GetString()!));
        });
        Assert.Equal(dashboard.GetProperty("panels").GetArrayLength(), dashboard.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
    }

    private static IEnumerable<string> Constants() =>
        new[] { typeof(StreamsTelemetry), typeof(MigrationTelemetry) }
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(name => name.Contains('.', StringComparison.Ordinal));

    private static string Exported(string name) => name.Replace('.', '_');

    private static HashSet<string> Names(string text) => [.. Name().Matches(text).Select(match => match.Value)];

    [GeneratedRegex(@"\b(?:event_streams|migrations)_\w+")]
    private static partial Regex Name();
}

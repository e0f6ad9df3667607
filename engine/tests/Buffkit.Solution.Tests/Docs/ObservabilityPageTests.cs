using System.Globalization;
using System.Reflection;
using System.Text;
using Buffkit.Migrations;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>
/// The tables of names in <c>docs/observability.md</c> are the public constants of the telemetry classes. With
/// <c>APPROVE=true</c> in the environment the test writes them.
/// </summary>
public sealed class ObservabilityPageTests
{
    private const string Begin = "<!-- names: generated -->\n";
    private const string End = "<!-- /names -->";

    [Fact]
    public void Page_PublicConstants_AreListed()
    {
        const string Page = "docs/observability.md";
        var text = DocsPages.Read(Page);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.InRange(begin, Begin.Length, end);

        Approved.Equal(Repository.Folder(Page), text[..begin] + Names() + text[end..]);
    }

    private static string Names()
    {
        var names = new StringBuilder();
        foreach (var type in new[] { typeof(StreamsTelemetry), typeof(MigrationTelemetry) }
                     .SelectMany(known => known.Assembly.GetExportedTypes())
                     .Where(type => type is { IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Telemetry", StringComparison.Ordinal)))
        {
            var docs = XmlDocs.Of(type.Assembly);
            names.Append(CultureInfo.InvariantCulture, $"\n`{type.Name}`: {docs.Summary(type)}\n\n| name | meaning |\n| --- | --- |\n");
            foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral))
                names.Append(CultureInfo.InvariantCulture, $"| `{field.GetRawConstantValue()}` | {docs.Summary(field)} |\n");
        }

        return names.Append('\n').ToString();
    }
}

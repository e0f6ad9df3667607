using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Buffkit.Tests;

/// <summary>Every C# block of the docs compiles, in a program that has what a reader has at hand.</summary>
public sealed partial class ExamplesCompileTests
{
    private const string Usings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.Data.Common;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Components;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        global using Buffkit.Api;
        global using Buffkit.Migrations;
        global using Buffkit.Migrations.CommandLine;
        global using Buffkit.ServiceDefaults;
        global using Buffkit.Streams;
        global using Buffkit.Streams.Sql;
        """;

    /// <summary>What stands around an example: the program, a topic, an order, a component.</summary>
    private const string Before =
        """
        var builder = WebApplication.CreateBuilder(args);
        var services = builder.Services;
        var app = builder.Build();
        var events = app.Services.GetRequiredService<IEventPublisher>();
        var fragments = app.Services.GetRequiredService<FragmentRenderer>();
        var topic = Topic.Parse("orders/42");
        var order = new Order { Customer = "Ada", Item = "Espresso" };
        var cancellationToken = CancellationToken.None;

        """;

    private const string After = "\npublic sealed class OrderRow : ComponentBase { [Parameter] public Order? Order { get; set; } }\n";

    public static TheoryData<string> Pages =>
        new(DocsPages.All.Where(page => DocsPages.Blocks(page, "csharp").Any()));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_CSharpBlocks_Compile(string page)
    {
        foreach (var (line, text) in DocsPages.Blocks(page, "csharp"))
        {
            var whole = WholeProgram().IsMatch(text) ? text : Before + text + After;
            var compilation = CSharpCompilation.Create(
                "Example",
                [Parse(Usings), Parse(whole)],
                References.Value,
                new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

            var errors = compilation.GetDiagnostics(TestContext.Current.CancellationToken).Where(found => found.Severity == DiagnosticSeverity.Error);
            Assert.True(!errors.Any(), $"{page}:{line}\n{text}\n{string.Join('\n', errors)}");
        }
    }

    private static SyntaxTree Parse(string text) => CSharpSyntaxTree.ParseText(text, cancellationToken: TestContext.Current.CancellationToken);

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))]);

    [GeneratedRegex(@"\bCreateBuilder\(")]
    private static partial Regex WholeProgram();
}

using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Buffkit.Tests;

/// <summary>Names that a user may give a solution, and that are no identifiers, are types or keywords, or mean something in XML.</summary>
[Collection(TemplateTests.Name)]
public sealed partial class TemplateNameTests(TemplateHive hive)
{
    [Theory]
    [InlineData("Order", "Order", "OrderApp", "order")]
    [InlineData("System", "System", "SystemApp", "system")]
    [InlineData("class", "class", "class_", "class")]
    [InlineData("My.event", "My.event", "My.event_", "my-event")]
    [InlineData("R&D", "R-D", "R_D", "r-d")]
    [InlineData("a b", "a b", "a_b", "a-b")]
    [InlineData("Café", "Café", "Café", "cafe")]
    [InlineData("日本", "日本", "日本", @"app-\d{4}")]
    public async Task Solution_OfAnyName_HasFilesNamespacesAndResourcesThatAreItsOwn(string name, string file, string rootNamespace, string resource)
    {
        using var solution = await hive.CreateAsync(name, "--aspire", "false");

        Assert.Contains($"{file}.Api/{file}.Api.csproj", solution.Files);
        Assert.All(solution.FilesOf(".csproj", ".props", ".slnx"), project => Assert.NotNull(solution.ReadXml(project)));
        var namespaces = solution.OwnFilesOf(".cs").SelectMany(code => Namespace().Matches(solution.Read(code))).Select(match => match.Groups[1].Value).ToHashSet();
        // Extensions of ASP.NET Core stand in its own namespaces.
        namespaces.RemoveWhere(room => room.StartsWith("Microsoft.", StringComparison.Ordinal));
        Assert.All(namespaces, room => Assert.StartsWith($"{rootNamespace}.", room, StringComparison.Ordinal));
        Assert.Matches($"(?m)^name: {resource}$", solution.Read("compose.yaml"));
        // Commands hold for a name with a space.
        Assert.All(solution.FilesOf(".md"), page => Assert.DoesNotMatch($"--project {Regex.Escape(file)}", solution.Read(page)));
    }

    /// <summary>A namespace that is called as a type hides it. The list is made of words; this test says which one it lacks.</summary>
    [Fact]
    public void Types_OfOneWord_AreNamesThatGetAnotherNamespace()
    {
        var form = JsonDocument.Parse(File.ReadAllText(Repository.Folder(".template.config/template.json")))
            .RootElement.GetProperty("forms").GetProperty("type").GetProperty("pattern").GetString()!;
        string[] rooms = ["Api", "MigrationService", "ServiceDefaults"];
        // Of the engine a solution sees what is public.
        string[] engine = ["Migrations", "Migrations.CommandLine", "Streams", "Streams.Encryption", "Streams.Redis", "Streams.Sql"];

        var types = rooms.SelectMany(room => Assembly.Load($"Buffkit.{room}").GetTypes())
            .Concat(engine.SelectMany(room => Assembly.Load($"Buffkit.{room}").GetExportedTypes()))
            .Where(type => !type.IsNested)
            .Select(type => type.Name)
            .Where(type => Regex.IsMatch(type, "^[A-Z][a-z]+$"))
            .Distinct();

        Assert.DoesNotContain(types, type => !Regex.IsMatch(type, form));
    }

    [GeneratedRegex(@"^namespace (.+?);$", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}

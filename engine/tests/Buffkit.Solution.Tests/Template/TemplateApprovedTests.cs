namespace Buffkit.Tests;

/// <summary>What a solution with Aspire holds where it cannot be built everywhere: read and approved, in <c>Approved</c>.</summary>
[Collection(TemplateTests.Name)]
public sealed class TemplateApprovedTests(TemplateHive hive)
{
    private static readonly string[] Files =
    [
        "My-App.slnx",
        "My-App.AppHost/AppHost.cs",
        "My-App.AppHost/My-App.AppHost.csproj",
        "My-App.ServiceDefaults/My-App.ServiceDefaults.csproj",
    ];

    [Theory]
    [InlineData("postgres", "true")]
    [InlineData("mysql", "false")]
    [InlineData("sqlite", "false")]
    public async Task Solution_WithAspire_IsAsApproved(string database, string redis)
    {
        using var solution = await hive.CreateAsync("My-App", "--database", database, "--redis", redis);

        foreach (var file in Files)
        {
            var text = file.EndsWith("AppHost.csproj", StringComparison.Ordinal) ? WithoutSecretsId(solution, file) : solution.Read(file);
            Approved.Equal(Path.Combine(Repository.Folder("engine/tests/Buffkit.Solution.Tests/Template/Approved"), database, $"{file}.txt"), text);
        }
    }

    /// <summary>The id is another one in each solution.</summary>
    private static string WithoutSecretsId(GeneratedSolution solution, string file) =>
        solution.Read(file).Replace(solution.ReadXml(file).Descendants("UserSecretsId").Single().Value, "…", StringComparison.Ordinal);
}

using System.Reflection;
using System.Xml.Linq;

namespace Buffkit.Tests;

/// <summary>Dependencies point one way, as the design lays the rooms out.</summary>
public sealed class DependencyTests
{
    private const string Product = "Buffkit.";

    private static readonly Dictionary<string, string[]> May = new()
    {
        ["Client"] = [],
        ["Streams"] = [],
        ["Streams.Encryption"] = ["Streams"],
        ["Streams.Redis"] = ["Streams"],
        ["Streams.Sql"] = ["Streams"],
        ["Migrations"] = [],
        ["Migrations.CommandLine"] = ["Migrations"],
        ["Migrations.MySql"] = ["Migrations"],
        ["Migrations.Postgres"] = ["Migrations"],
        ["Migrations.Sqlite"] = ["Migrations"],
        ["ServiceDefaults"] = [],
        // Streams: for the command doctor alone, which looks at what servers share.
        ["MigrationService"] = ["Migrations", "Migrations.CommandLine", "Migrations.MySql", "Migrations.Postgres", "Migrations.Sqlite", "ServiceDefaults", "Streams", "Streams.Redis"],
        // Migrations: what the schema is to be, looked for on every engine, and applied to the embedded database in Development.
        ["Api"] = ["Migrations", "Migrations.MySql", "Migrations.Postgres", "Migrations.Sqlite", "ServiceDefaults", "Streams", "Streams.Encryption", "Streams.Redis", "Streams.Sql"],
    };

    public static TheoryData<string> Rooms => new(May.Keys);

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Room_References_OnlyWhatItMay(string room)
    {
        var references = Load(room).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith(Product, StringComparison.Ordinal))
            .Select(name => name[Product.Length..]);

        Assert.Empty(references.Except(May[room]));
    }

    // The template replaces the word with a project's name, which need not be an identifier.
    [Theory]
    [MemberData(nameof(Rooms))]
    public void Room_Identifiers_DoNotHoldTheProductWord(string room)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var word = Product.TrimEnd('.');
        var types = Load(room).GetTypes();
        var names = types.Select(type => type.Name).Concat(types.SelectMany(type => type.GetMembers(All)).Select(member => member.Name.Split('.')[^1]));

        Assert.DoesNotContain(names, name => name.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    // The engine has a list of its own, since a solution has other packages; what stands in both is tested together in one version only.
    [Fact]
    public void Versions_OfTheSolutionAndTheEngine_AreTheSame()
    {
        var engine = VersionsOf("engine/Directory.Packages.props");
        var both = VersionsOf("Directory.Packages.props").Where(package => engine.ContainsKey(package.Key)).ToArray();

        Assert.NotEmpty(both);
        Assert.All(both, package => Assert.Equal((package.Key, engine[package.Key]), (package.Key, package.Value)));
    }

    private static Dictionary<string, string> VersionsOf(string file) => XElement.Load(Repository.Folder(file)).Descendants("PackageVersion")
        .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);

    private static Assembly Load(string room) => Assembly.Load(Product + room);
}

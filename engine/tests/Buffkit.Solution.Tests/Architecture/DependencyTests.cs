using System.Reflection;

namespace Buffkit.Tests;

/// <summary>Dependencies point one way, as the design lays the rooms out.</summary>
public sealed class DependencyTests
{
    private const string Product = "Buffkit.";

    private static readonly Dictionary<string, string[]> May = new()
    {
        ["Streams"] = [],
        ["Streams.Encryption"] = ["Streams"],
        ["Streams.Redis"] = ["Streams"],
        ["Migrations"] = [],
        ["Migrations.CommandLine"] = ["Migrations"],
        ["Migrations.MySql"] = ["Migrations"],
        ["Migrations.Postgres"] = ["Migrations"],
        ["Migrations.Sqlite"] = ["Migrations"],
        ["ServiceDefaults"] = [],
        ["MigrationService"] = ["Migrations", "Migrations.CommandLine", "Migrations.MySql", "Migrations.Postgres", "Migrations.Sqlite", "ServiceDefaults"],
        // Migrations: the embedded database's schema, in Development.
        ["Api"] = ["Migrations", "Migrations.Sqlite", "ServiceDefaults", "Streams", "Streams.Encryption", "Streams.Redis"],
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

    private static Assembly Load(string room) => Assembly.Load(Product + room);
}

using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Buffkit.Tests;

/// <summary>Reads the doc comments that the compiler wrote beside an assembly, as Markdown.</summary>
internal sealed partial class XmlDocs
{
    private readonly Assembly _assembly;
    private readonly Dictionary<string, XElement> _members;

    private XmlDocs(Assembly assembly)
    {
        _assembly = assembly;
        _members = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"))
            .Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value);
    }

    public static XmlDocs Of(Assembly assembly) => new(assembly);

    public string Summary(Type type) => Text($"T:{type.FullName}", "summary");

    public string Summary(PropertyInfo property) => Text($"P:{property.DeclaringType!.FullName}.{property.Name}", "summary");

    public string Summary(FieldInfo field) => Text($"F:{field.DeclaringType!.FullName}.{field.Name}", "summary");

    private string Text(string member, string element) =>
        _members.TryGetValue(member, out var found) && found.Element(element) is { } text
            ? WhiteSpace().Replace(string.Concat(text.Nodes().Select(Markdown)), " ").Trim()
            : "";

    private string Markdown(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" or "paramref" } reference => $"`{Reference(reference)}`",
        XElement other => string.Concat(other.Nodes().Select(Markdown)),
        _ => "",
    };

    private string Reference(XElement reference)
    {
        if (reference.Attribute("langword")?.Value is { } word)
            return word;
        // "F:Room.Type.Member": a constant of text goes by its value, all else by its own name.
        var cref = reference.Attribute("cref")?.Value ?? reference.Attribute("name")!.Value;
        var dot = cref.LastIndexOf('.');
        var name = cref[(dot + 1)..];
        return cref.StartsWith("F:", StringComparison.Ordinal)
            && _assembly.GetType(cref[2..dot])?.GetField(name) is { IsLiteral: true } field
            && field.GetRawConstantValue() is string constant
                ? constant
                : name;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}

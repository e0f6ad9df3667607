using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Buffkit.Streams.Redis;

/// <summary>
/// Puts Data Protection keys back that were stored once and are not any more, as in a Redis that was emptied: a server goes on using
/// those that it knows, and one that is started later could read nothing of what they protect. They are few: one in 90 days.
/// </summary>
internal sealed class RememberingXmlRepository(IXmlRepository inner) : IXmlRepository
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, XElement> _known = new(StringComparer.Ordinal);

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (_gate)
        {
            // Two servers that put the same key back at once have both stored it.
            var stored = inner.GetAllElements().DistinctBy(Text).ToDictionary(Text);
            foreach (var (text, lost) in _known.Where(known => !stored.ContainsKey(known.Key)).ToArray())
            {
                inner.StoreElement(lost, NameOf(lost));
                stored.Add(text, lost);
            }

            foreach (var (text, element) in stored)
                _known.TryAdd(text, element);
            return stored.Values;
        }
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        inner.StoreElement(element, friendlyName);
        lock (_gate)
            _known.TryAdd(Text(element), new XElement(element));
    }

    private static string Text(XElement element) => element.ToString(SaveOptions.DisableFormatting);

    private static string NameOf(XElement element) => $"{element.Name.LocalName}-{(string?)element.Attribute("id")}";
}

using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Buffkit.Streams;

/// <summary>The names of all settings in section <c>Streams</c>, to find those that nobody reads.</summary>
internal static class SettingNames
{
    /// <summary>What the packages around the engine read; a test compares it with their options.</summary>
    internal static readonly string[] OfOthers =
    [
        "Streams:Encryption:KeepKeysFor", "Streams:Encryption:KeyFile", "Streams:Encryption:KeyLifetime", "Streams:Encryption:Topics",
        "Streams:History:Durability", "Streams:History:Enabled", "Streams:History:Lease", "Streams:History:MaxAge", "Streams:History:MaxEvents", "Streams:History:Readers",
        "Streams:Outbox:AlarmAfter", "Streams:Outbox:BatchEvents", "Streams:Outbox:Lease", "Streams:Outbox:PollInterval",
        "Streams:Redis:KeyPrefix", "Streams:Redis:Timeout",
    ];

    private static readonly string[] All = [.. Of(typeof(StreamsOptions), StreamsOptions.Section), .. OfOthers];

    /// <summary>The names in a class of options and its parts.</summary>
    internal static IEnumerable<string> Of(Type options, string section)
    {
        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite || IsList(property)))
        {
            var name = $"{section}:{property.Name}";
            var parts = property.PropertyType.IsClass && property.PropertyType.Assembly == options.Assembly ? Of(property.PropertyType, name) : [name];
            foreach (var part in parts)
                yield return part;
        }
    }

    /// <summary>The keys that have a value and no reader.</summary>
    public static IEnumerable<string> Unknown(IConfigurationSection section) => Leaves(section).Where(key => !All.Any(known =>
        key.Equals(known, StringComparison.OrdinalIgnoreCase)
        // The elements of a list.
        || (key.StartsWith(known, StringComparison.OrdinalIgnoreCase) && key[known.Length..] is [':', .. var place] && int.TryParse(place, out _))));

    /// <summary>The known name that is closest to one that is not; <see langword="null"/> where none is close.</summary>
    public static string? Nearest(string key)
    {
        var nearest = All.Select(known => (Known: known, Distance: Distance(key.ToUpperInvariant(), known.ToUpperInvariant()))).MinBy(one => one.Distance);
        // With more letters wrong it is another word.
        return nearest.Distance <= Math.Max(2, key.Length / 4) ? nearest.Known : null;
    }

    private static bool IsList(PropertyInfo property) => property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(IEnumerable));

    private static IEnumerable<string> Leaves(IConfigurationSection section)
    {
        foreach (var child in section.GetChildren())
        {
            var below = Leaves(child).ToList();
            if (below.Count == 0)
                yield return child.Path;
            foreach (var leaf in below)
                yield return leaf;
        }
    }

    /// <summary>Letters to insert, take away or replace (Levenshtein).</summary>
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (from[i - 1] == to[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }
}

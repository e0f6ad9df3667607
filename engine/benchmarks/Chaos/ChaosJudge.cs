using System.Globalization;
using System.Text.Json;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>Holds one client's whole history of a round against what publishers were told and what the database has.</summary>
internal static class ChaosJudge
{
    /// <summary>The type of events that orders write into the outbox.</summary>
    public const string OrderType = "order.created";

    // Of one fault there may be hundreds, and each says the same.
    private const int MostTold = 5;

    /// <summary>What has not come yet and was not excused.</summary>
    public static IReadOnlyList<string> Missing(IReadOnlyList<ChaosEntry> history, ChaosTruth truth)
    {
        var ids = history.Select(entry => entry.Id).ToHashSet();
        var orders = history.Where(entry => entry.Type is OrderType).Select(OrderOf).ToHashSet();
        var told = truth.MayLose && history.Any(entry => entry.Gap is "epoch");
        // The last event that was published is of the life that the log has now.
        var now = truth.Accepted[^1].Id.Epoch;
        return
        [
            .. truth.Accepted.Where(e => !ids.Contains(e.Id) && !(told && e.Id.Epoch != now)).Select(e => $"{e.Id} ({e.Text[..Math.Min(20, e.Text.Length)]})"),
            // An order's event may have been lost after the outbox was told that the log has it.
            .. told ? [] : truth.Orders.Where(order => !orders.Contains(order)).Select(order => string.Create(CultureInfo.InvariantCulture, $"order {order}")),
        ];
    }

    /// <summary>All that is wrong with a history that is complete, or will not become so; empty where nothing is.</summary>
    /// <param name="history">The round's entries, in the order in which they came.</param>
    /// <param name="before">The last event of the round before.</param>
    /// <param name="truth">What was to come.</param>
    public static IReadOnlyList<string> Judge(IReadOnlyList<ChaosEntry> history, EventId? before, ChaosTruth truth)
    {
        var found = new List<string>();
        Tell(found, "lost", Missing(history, truth));
        Tell(found, "gap without a cause", history.Where(entry => entry.Gap is not null && !(truth.MayLose && entry.Gap is "epoch")).Select(entry => entry.Gap!));
        Tell(found, "out of order or again", OutOfOrder(history, before));
        Tell(found, "another payload than was published", Changed(history, truth));
        Tell(found, "published twice", Doubled(history.Where(entry => entry.Gap is null && entry.Type is not OrderType), entry => entry.Text));
        Tell(found, "order told twice", Doubled(history.Where(entry => entry.Type is OrderType), entry => OrderOf(entry).ToString(CultureInfo.InvariantCulture)));
        Tell(found, "order told that there is not", history.Where(entry => entry.Type is OrderType && !truth.Orders.Contains(OrderOf(entry))).Select(entry => entry.Text));
        Tell(found, "one publisher's events in another order", Reordered(truth));
        return found;
    }

    private static long OrderOf(ChaosEntry entry) => JsonSerializer.Deserialize<JsonElement>(entry.Text).GetProperty("id").GetInt64();

    private static void Tell(List<string> found, string what, IEnumerable<string> cases)
    {
        var all = cases.ToArray();
        if (all.Length > 0)
            found.Add($"{what}: {string.Join(", ", all.Take(MostTold))}{(all.Length > MostTold ? $" and {all.Length - MostTold} more" : "")}");
    }

    // Within an epoch ids rise; another epoch comes after word of a gap, and none comes back.
    private static IEnumerable<string> OutOfOrder(IReadOnlyList<ChaosEntry> history, EventId? before)
    {
        var last = before;
        var ended = new HashSet<Epoch>();
        var told = false;
        foreach (var entry in history)
        {
            if (entry.Gap is not null)
            {
                told = true;
                continue;
            }

            if (last is { } previous && previous.Epoch != entry.Id.Epoch)
            {
                if (!told || !ended.Add(previous.Epoch) || ended.Contains(entry.Id.Epoch))
                    yield return $"{entry.Id} after {previous}";
            }
            else if (last is { } earlier && entry.Id.Sequence <= earlier.Sequence)
            {
                yield return $"{entry.Id} after {earlier}";
            }

            last = entry.Id;
        }
    }

    private static IEnumerable<string> Changed(IReadOnlyList<ChaosEntry> history, ChaosTruth truth)
    {
        var texts = truth.Accepted.ToDictionary(e => e.Id, e => e.Text);
        return history.Where(entry => texts.TryGetValue(entry.Id, out var text) && text != entry.Text).Select(entry => $"{entry.Id}: {entry.Text}");
    }

    // In another life of the log a publish that was lost may have been repeated.
    private static IEnumerable<string> Doubled(IEnumerable<ChaosEntry> events, Func<ChaosEntry, string> of) =>
        events.GroupBy(entry => (entry.Id.Epoch, of(entry))).Where(same => same.Count() > 1).Select(same => string.Join(" and ", same.Select(entry => entry.Id)));

    private static IEnumerable<string> Reordered(ChaosTruth truth)
    {
        var last = new Dictionary<string, EventId>();
        foreach (var e in truth.Accepted)
        {
            var publisher = e.Text[..e.Text.IndexOf(':', StringComparison.Ordinal)];
            if (last.TryGetValue(publisher, out var previous) && previous.Epoch == e.Id.Epoch && previous.Sequence >= e.Id.Sequence)
                yield return $"{e.Id} after {previous}";
            last[publisher] = e.Id;
        }
    }
}

namespace Buffkit.Streams;

/// <summary>
/// Who asked for a topic: a trie of filter segments. A look-up costs the topic's depth times the wildcards on its way, and
/// the subscribers it finds; never the number of topics or of connections.
/// </summary>
/// <typeparam name="T">The subscriber.</typeparam>
internal sealed class TopicIndex<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly Node _root = new(null, "");

    /// <summary>Nodes in the trie, the root included; back to 1 when the last subscriber has left.</summary>
    public int NodeCount { get; private set; } = 1;

    /// <summary>Adds a subscriber under a filter.</summary>
    /// <returns>What <see cref="Remove"/> takes to undo it.</returns>
    public Registration Add(TopicFilter filter, T subscriber)
    {
        lock (_gate)
        {
            var node = _root;
            ReadOnlySpan<char> rest = filter.Value;
            for (var last = false; !last;)
                node = Child(node, TopicSegments.Take(ref rest, out last));

            var registration = new Registration(subscriber, node, node.Subscribers.Count);
            node.Subscribers.Add(registration);
            return registration;
        }
    }

    /// <summary>Undoes an <see cref="Add"/>; once.</summary>
    public void Remove(Registration registration)
    {
        lock (_gate)
        {
            var subscribers = registration.Node.Subscribers;
            // The last one takes the place of the one that leaves: no walk, no shift.
            var last = subscribers[^1];
            subscribers[registration.Slot] = last;
            last.Slot = registration.Slot;
            subscribers.RemoveAt(subscribers.Count - 1);
            Prune(registration.Node);
        }
    }

    /// <summary>Finds the subscribers of a topic. One that asked by several filters may be found several times.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="found">Cleared, then filled.</param>
    public void Match(Topic topic, List<T> found)
    {
        found.Clear();
        lock (_gate)
            Match(_root, topic.Value, ended: false, found);
    }

    /// <summary>Every subscriber, once per filter.</summary>
    public void MatchAll(List<T> found)
    {
        found.Clear();
        lock (_gate)
            Collect(_root, found);
    }

    private static void Match(Node node, ReadOnlySpan<char> rest, bool ended, List<T> found)
    {
        if (node.Rest is { } tail)
            tail.AddTo(found);
        if (ended)
        {
            node.AddTo(found);
            return;
        }

        var segment = TopicSegments.Take(ref rest, out var last);
        if (node.Literals is { } literals && literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var literal))
            Match(literal, rest, last, found);
        if (node.AnySegment is { } any)
            Match(any, rest, last, found);
    }

    private static void Collect(Node node, List<T> found)
    {
        node.AddTo(found);
        if (node.Rest is { } rest)
            Collect(rest, found);
        if (node.AnySegment is { } any)
            Collect(any, found);
        foreach (var literal in node.Literals?.Values ?? Enumerable.Empty<Node>())
            Collect(literal, found);
    }

    private Node Child(Node parent, ReadOnlySpan<char> segment)
    {
        switch (segment)
        {
            case "*":
                return parent.AnySegment ??= NewNode(parent, "*");
            case "**":
                return parent.Rest ??= NewNode(parent, "**");
            default:
                parent.Literals ??= new Dictionary<string, Node>(StringComparer.Ordinal);
                if (!parent.Literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var child))
                    parent.Literals.Add(segment.ToString(), child = NewNode(parent, segment.ToString()));
                return child;
        }
    }

    private Node NewNode(Node parent, string segment)
    {
        NodeCount++;
        return new Node(parent, segment);
    }

    private void Prune(Node node)
    {
        while (node is { IsEmpty: true, Parent: { } parent })
        {
            switch (node.Segment)
            {
                case "*":
                    parent.AnySegment = null;
                    break;
                case "**":
                    parent.Rest = null;
                    break;
                default:
                    parent.Literals!.Remove(node.Segment);
                    break;
            }

            NodeCount--;
            node = parent;
        }
    }

    /// <summary>One subscriber under one filter.</summary>
    internal sealed class Registration(T subscriber, Node node, int slot)
    {
        public T Subscriber { get; } = subscriber;

        public Node Node { get; } = node;

        public int Slot { get; set; } = slot;
    }

    internal sealed class Node(Node? parent, string segment)
    {
        public Node? Parent { get; } = parent;

        public string Segment { get; } = segment;

        public Dictionary<string, Node>? Literals { get; set; }

        public Node? AnySegment { get; set; }

        public Node? Rest { get; set; }

        public List<Registration> Subscribers { get; } = [];

        public bool IsEmpty =>
            Subscribers.Count == 0 && AnySegment is null && Rest is null && Literals is not { Count: > 0 };

        public void AddTo(List<T> found)
        {
            foreach (var registration in Subscribers)
                found.Add(registration.Subscriber);
        }
    }
}

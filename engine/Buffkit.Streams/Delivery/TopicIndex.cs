namespace Buffkit.Streams;

/// <summary>
/// Who asked for a topic: a trie of filter segments in which what does not branch is one node. A look-up visits what the topic's
/// segments allow and the subscribers it finds, however many filters and topics there are: each level of the topic goes on in at
/// most one literal and one <c>*</c>, and <see cref="LimitsOptions.WildcardsPerFilter"/> bounds how often it can do both.
/// </summary>
/// <typeparam name="T">The subscriber.</typeparam>
internal sealed class TopicIndex<T>
    where T : class
{
    private const string Any = "*";
    private const string Rest = "**";

    private readonly Lock _gate = new();
    private readonly Node _root = new("");

    /// <summary>Nodes in the trie, the root included; at most two for each different filter. Back to 1 when the last subscriber has left.</summary>
    public int NodeCount { get; private set; } = 1;

    /// <summary>Nodes that look-ups have visited so far; for tests.</summary>
    public long Visits { get; private set; }

    /// <summary>Adds a subscriber under a filter.</summary>
    /// <returns>What <see cref="Remove"/> takes to undo it.</returns>
    public Registration Add(TopicFilter filter, T subscriber)
    {
        lock (_gate)
            return Place(filter.Value).Add(subscriber);
    }

    /// <summary>Undoes an <see cref="Add"/>; once.</summary>
    public void Remove(Registration registration)
    {
        lock (_gate)
        {
            registration.Node.Remove(registration);
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
            MatchChildren(_root, topic.Value, ended: false, found);
    }

    /// <summary>Every subscriber, once per filter.</summary>
    public void MatchAll(List<T> found)
    {
        found.Clear();
        lock (_gate)
            Collect(_root, found);
    }

    private void Match(Node node, ReadOnlySpan<char> topic, bool ended, List<T> found)
    {
        Visits++;
        ReadOnlySpan<char> label = node.Label;
        for (var last = false; !last;)
        {
            var wanted = TopicSegments.Take(ref label, out last);
            if (wanted is Rest)
            {
                node.AddTo(found);
                return;
            }

            if (ended)
                return;
            var segment = TopicSegments.Take(ref topic, out ended);
            if (wanted is not Any && !wanted.SequenceEqual(segment))
                return;
        }

        if (ended)
            node.AddTo(found);
        MatchChildren(node, topic, ended, found);
    }

    private void MatchChildren(Node node, ReadOnlySpan<char> topic, bool ended, List<T> found)
    {
        if (node.Find(Rest) is { } rest)
            Match(rest, topic, ended, found);
        if (ended)
            return;
        var left = topic;
        if (node.Find(TopicSegments.Take(ref left, out _)) is { } literal)
            Match(literal, topic, ended, found);
        if (node.Find(Any) is { } any)
            Match(any, topic, ended, found);
    }

    private static void Collect(Node node, List<T> found)
    {
        node.AddTo(found);
        foreach (var child in node.Children)
            Collect(child, found);
    }

    // The node whose labels, from the root on, make up the filter; added where there is none.
    private Node Place(string filter)
    {
        var (node, from) = (_root, 0);
        while (true)
        {
            var rest = filter.AsSpan(from);
            var first = TopicSegments.Take(ref rest, out _);
            if (node.Find(first) is not { } child)
            {
                var leaf = new Node(filter[from..]);
                node.Attach(leaf);
                NodeCount++;
                return leaf;
            }

            var shared = SharedSegments(child.Label, filter.AsSpan(from));
            if (shared < child.Label.Length)
                child = Split(node, child, shared);
            from += shared;
            if (from == filter.Length)
                return child;
            from++;
            node = child;
        }
    }

    /// <returns>Characters of the segments with which both begin.</returns>
    private static int SharedSegments(ReadOnlySpan<char> label, ReadOnlySpan<char> filter)
    {
        var shared = label.CommonPrefixLength(filter);
        if ((shared == label.Length || label[shared] == '/') && (shared == filter.Length || filter[shared] == '/'))
            return shared;
        return label[..shared].LastIndexOf('/');
    }

    // The lower part stays the same object, since registrations refer to it.
    private Node Split(Node parent, Node child, int at)
    {
        var upper = new Node(child.Label[..at]);
        parent.Detach(child);
        child.Label = child.Label[(at + 1)..];
        upper.Attach(child);
        parent.Attach(upper);
        NodeCount++;
        return upper;
    }

    private void Prune(Node node)
    {
        if (node.HasSubscribers || node.Parent is not { } parent)
            return;
        var children = node.ChildCount;
        if (children > 1)
            return;
        parent.Detach(node);
        NodeCount--;
        if (children == 0)
        {
            Prune(parent);
            return;
        }

        // A node with one child and no subscribers is merged with that child.
        var only = node.Children.First();
        node.Detach(only);
        only.Label = $"{node.Label}/{only.Label}";
        parent.Attach(only);
    }

    /// <summary>One subscriber under one filter.</summary>
    internal sealed class Registration(T subscriber, Node node, int slot)
    {
        public T Subscriber { get; } = subscriber;

        public Node Node { get; } = node;

        public int Slot { get; set; } = slot;
    }

    /// <param name="label">Segments between the parent and this node.</param>
    internal sealed class Node(string label)
    {
        // Most nodes have one child or none, and one subscriber.
        private Node? _onlyChild;
        private Dictionary<string, Node>? _children;
        private Registration[] _subscribers = [];
        private int _count;

        public Node? Parent { get; private set; }

        /// <summary>Changed only while it has no parent.</summary>
        public string Label { get; set; } = label;

        public bool HasSubscribers => _count > 0;

        public int ChildCount => _children?.Count ?? (_onlyChild is null ? 0 : 1);

        public IEnumerable<Node> Children => _children?.Values ?? (_onlyChild is null ? [] : Enumerable.Repeat(_onlyChild, 1));

        /// <summary>The child whose label begins with a segment.</summary>
        public Node? Find(ReadOnlySpan<char> first)
        {
            if (_children is not null)
                return _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(first, out var child) ? child : null;
            return _onlyChild is not null && _onlyChild.First.SequenceEqual(first) ? _onlyChild : null;
        }

        public void Attach(Node child)
        {
            child.Parent = this;
            if (_children is null && _onlyChild is null)
            {
                _onlyChild = child;
                return;
            }

            if (_children is null)
            {
                _children = new Dictionary<string, Node>(StringComparer.Ordinal) { [_onlyChild!.First.ToString()] = _onlyChild };
                _onlyChild = null;
            }

            _children.Add(child.First.ToString(), child);
        }

        public void Detach(Node child)
        {
            child.Parent = null;
            if (_children is null)
            {
                _onlyChild = null;
                return;
            }

            _children.GetAlternateLookup<ReadOnlySpan<char>>().Remove(child.First);
            if (_children.Count > 1)
                return;
            _onlyChild = _children.Values.FirstOrDefault();
            _children = null;
        }

        public Registration Add(T subscriber)
        {
            if (_count == _subscribers.Length)
                Array.Resize(ref _subscribers, Math.Max(1, _count * 2));
            return _subscribers[_count] = new Registration(subscriber, this, _count++);
        }

        public void Remove(Registration registration)
        {
            // The last one takes the place of the one that leaves, so nothing is searched or moved.
            var last = _subscribers[--_count];
            _subscribers[registration.Slot] = last;
            last.Slot = registration.Slot;
            _subscribers[_count] = null!;
            if (_count == 0)
                _subscribers = [];
        }

        public void AddTo(List<T> found)
        {
            foreach (var registration in _subscribers.AsSpan(0, _count))
                found.Add(registration.Subscriber);
        }

        private ReadOnlySpan<char> First => Label.IndexOf('/', StringComparison.Ordinal) is >= 0 and var end ? Label.AsSpan(0, end) : Label;
    }
}

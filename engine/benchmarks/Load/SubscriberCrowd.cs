using System.Net;
using System.Net.Sockets;

namespace Buffkit.Benchmarks;

/// <summary>Opens thousands of subscriptions and has them read.</summary>
internal sealed class SubscriberCrowd(Target target, int publishers) : IAsyncDisposable
{
    // Half of what a server's accept queue commonly holds (Kestrel's and nginx's is 511 or 512).
    private const int MostOpening = 256;

    // Well within the 28,000 ports of Linux's default range, and rounds that follow each other find most still closing.
    private const int PerSourceAddress = 4_000;
    private const int IpBindAddressNoPort = 24;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<Subscriber> _subscribers = [];
    private readonly ReadLoop _loop = new();

    public IReadOnlyList<Subscriber> Subscribers => _subscribers;

    public Task<ReadFigures.Snapshot> TakeAsync(CancellationToken cancellationToken) => _loop.TakeAsync(cancellationToken);

    /// <summary>Opens subscriptions; done when the server has accepted all of them.</summary>
    public async Task OpenAsync(int count, CancellationToken cancellationToken)
    {
        OpenFiles.Require(count);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience + TimeSpan.FromMilliseconds(count));
        var ready = 0;
        try
        {
            while (ready < count)
            {
                while (_subscribers.Count < count && _subscribers.Count - ready < MostOpening)
                    Open();
                while (ready < _subscribers.Count && (_subscribers[ready].IsReady || _subscribers[ready].Ended is not null))
                    ready++;
                if (ready < _subscribers.Count)
                    await Task.Delay(Look, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CannotMeasureException($"{target.Name} accepted only {ready} of {count} subscriptions in time.");
        }

        var figures = await TakeAsync(cancellationToken);
        if (figures.Ended > 0)
            throw new CannotMeasureException($"{target.Name} refused {figures.Ended} of {count} subscriptions: {figures.EndReason}.");
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private void Open()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var subscriber = new Subscriber(socket, publishers);
        // With the port chosen at connect, one port serves as often as there are servers.
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption((int)SocketOptionLevel.IP, IpBindAddressNoPort, [1, 0, 0, 0]);
        socket.Bind(new IPEndPoint(SourceAddress(_subscribers.Count / PerSourceAddress), 0));
        socket.Connect(target.EndPoint);
        socket.Send(target.SubscribeRequest.Span);
        socket.Blocking = false;
        _subscribers.Add(subscriber);
        _loop.Add(subscriber);
    }

    // All of 127.0.0.0/8 is this machine on Linux; 127.0.0.1 is left to others.
    private static IPAddress SourceAddress(int number) => new([127, 0, 0, (byte)(2 + number % 250)]);
}

using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Buffkit.Client;

/// <summary>One subscription: a cursor, and one connection after the other that moves it.</summary>
internal sealed partial class Subscription(ClientParts parts, IReadOnlyList<string> topics, SubscriptionOptions options)
{
    /// <summary>Refusals in a row after which a caller with an access token is not let in: the first may be for a token that has just expired.</summary>
    private const int RefusalsAllowed = 3;

    private static readonly TimeSpan LastSaveTimeout = TimeSpan.FromSeconds(5);

    private readonly TransportChoice _transports = new(parts.Options.UsableTransports, parts.Options.BetterTransportAfter, parts.Time);
    private readonly Backoff _backoff = new(parts.Options.BackoffStart, parts.Options.BackoffMax, parts.Random);
    private readonly SeenIds _seen = new(parts.Options.PlainServer ? 0 : parts.Options.RememberedIds);
    private readonly CursorKeeper? _keeper = options.CursorStore is null
        ? null
        : new CursorKeeper(options.CursorStore, options.CursorName, options.CursorSaveInterval, parts.Time, parts.Logger);

    // Where the next connection begins: after everything that was handed to the consumer.
    private string? _cursor;
    private TimeSpan? _retry;
    private int _refusals;
    private bool _isStateWanted = options.GetState is not null;
    private StreamGap? _lastGap;

    // Of the present connection.
    private bool _isOpened;
    private bool _isLeft;
    private bool _hasMoved;
    private TimeSpan? _closeWish;
    private string? _end;
    private bool _isOver;

    public async IAsyncEnumerable<StreamEvent> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (_keeper is not null)
            _cursor = await _keeper.LoadAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!_isOver)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Begin();
                var wait = await LoadStateAsync(cancellationToken).ConfigureAwait(false);
                if (wait is null)
                {
                    var transport = _transports.Next();
                    var life = new SignsOfLife(_transports.HasOthers ? parts.Options.FirstByteTimeout : parts.Options.ReadTimeout, parts.Options.ReadTimeout, parts.Time, cancellationToken);
                    StreamConnection? connection = null;
                    RunningRenewal? renewal = null;
                    try
                    {
                        (connection, wait) = await ConnectAsync(transport, life, cancellationToken).ConfigureAwait(false);
                        // Another server's stream has no event that says so.
                        _isOpened = connection is not null && parts.Options.PlainServer;
                        var opened = parts.Time.GetTimestamp();
                        if (connection is not null)
                            renewal = RunningRenewal.Start(parts, cancellationToken);
                        while (connection is not null && !_isLeft && await IsStateThereAsync(cancellationToken).ConfigureAwait(false) && await NextAsync(connection, cancellationToken).ConfigureAwait(false) is { } received)
                        {
                            // A poll is a connect of its own: between two of them a better transport may have its turn.
                            if (transport is EventStreamTransport.LongPoll && received.Kind is ReceivedKind.Nothing && _transports.IsBetterDue)
                                (_isLeft, _closeWish) = (true, TimeSpan.Zero);
                            if (Take(received, transport) is not { } e)
                                continue;
                            yield return e.IsEncrypted ? await parts.Decryption.OpenAsync(e, cancellationToken).ConfigureAwait(false) : e;
                        }

                        if (connection is not null)
                            wait = Ended(connection, parts.Time.GetElapsedTime(opened));
                    }
                    finally
                    {
                        if (renewal is not null)
                            await renewal.DisposeAsync().ConfigureAwait(false);
                        if (connection is not null)
                            await connection.DisposeAsync().ConfigureAwait(false);
                        life.Dispose();
                    }
                }

                if (!_isOver)
                    await WaitAsync(wait!.Value, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // What the consumer is done with: the event that it left at is not known to be.
            await SaveLastAsync().ConfigureAwait(false);
            Tell(ConnectionStatus.Closed, _end);
        }
    }

    // Not by the caller's token, which has ended the subscription, but not for long either.
    private async ValueTask SaveLastAsync()
    {
        if (_keeper is null)
            return;
        using var timeout = new CancellationTokenSource(LastSaveTimeout, parts.Time);
        await _keeper.SaveAsync(timeout.Token).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Begin() => (_isOpened, _isLeft, _hasMoved, _closeWish, _end) = (false, false, false, null, null);

    private async ValueTask<TimeSpan?> LoadStateAsync(CancellationToken cancellationToken)
    {
        if (!_isStateWanted)
            return null;
        try
        {
            var cursor = await options.GetState!(cancellationToken).ConfigureAwait(false);
            var hasCursor = !string.IsNullOrEmpty(cursor);
            _isStateWanted = !hasCursor && !_isOpened;
            // The state may be older than the events that were given on before it: those after it belong to it, and are no repeats.
            if (hasCursor)
                _seen.Clear();
            // What comes over a stream that is open follows the state; the state's cursor would only lead back.
            if (hasCursor && !_isOpened)
                _cursor = cursor;
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The application's server is away. What else it throws is the application's own mistake, and reaches it.
            Log.NoState(parts.Logger, e);
            _end = "The state could not be loaded.";
            return _backoff.Next(null, failed: true);
        }
    }

    /// <summary>
    /// A state without a cursor says nothing of where the stream is to begin, and what happens between the two would be missed. So it is loaded
    /// once more when the stream is open, and what comes waits for it.
    /// </summary>
    /// <returns>Whether the stream goes on.</returns>
    private async ValueTask<bool> IsStateThereAsync(CancellationToken cancellationToken)
    {
        if (!_isOpened || await LoadStateAsync(cancellationToken).ConfigureAwait(false) is not { } wait)
            return true;
        (_isLeft, _closeWish) = (true, wait);
        return false;
    }

    /// <returns>A connection, or how long the next try waits.</returns>
    private async ValueTask<(StreamConnection? Connection, TimeSpan? Wait)> ConnectAsync(EventStreamTransport transport, SignsOfLife life, CancellationToken cancellationToken)
    {
        Tell(ConnectionStatus.Connecting, null);
        var attempt = new StreamAttempt(parts.Requests, parts.Options, topics, new StreamStart(_cursor, options.After, options.Since), parts.Time, parts.Session);
        try
        {
            var connection = transport switch
            {
                EventStreamTransport.ServerSentEvents => await SseConnection.OpenAsync(attempt, life).ConfigureAwait(false),
                EventStreamTransport.WebSocket => await WebSocketConnection.OpenAsync(attempt, life).ConfigureAwait(false),
                _ => await LongPollConnection.OpenAsync(attempt, life).ConfigureAwait(false),
            };
            if (connection is null)
                (_isOver, _end) = (true, "The server says that there is no more (204).");
            else
                Tell(ConnectionStatus.Open, null);
            return (connection, null);
        }
        catch (NoStreamException e)
        {
            return (null, Refused(e));
        }
        catch (Exception e) when (IsNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (null, Failed(e, life.IsSilent));
        }
    }

    private async ValueTask<Received?> NextAsync(StreamConnection connection, CancellationToken cancellationToken)
    {
        // The consumer asks for more, so it is done with all that it has.
        _keeper?.Done(_cursor);
        try
        {
            return _keeper is null
                ? await connection.ReadAsync().ConfigureAwait(false)
                : await _keeper.SaveWhileAsync(connection.ReadAsync(), cancellationToken).ConfigureAwait(false);
        }
        catch (NoStreamException e)
        {
            // A long poll after the first.
            _closeWish = Refused(e);
            return null;
        }
        catch (Exception e) when (IsNetwork(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _end = connection.IsSilent ? "Nothing came for too long." : e.Message;
            return null;
        }
    }

    /// <returns>An event for the consumer.</returns>
    private StreamEvent? Take(Received received, EventStreamTransport transport)
    {
        switch (received.Kind)
        {
            case ReceivedKind.Event:
                // An event without an id of its own cannot be told from another.
                if (received.Cursor is { Length: > 0 } id && !_seen.Add(id))
                    return null;
                (_hasMoved, _refusals) = (true, 0);
                Move(received);
                return received.Event;
            case ReceivedKind.Open when !_isOpened:
                (_isOpened, _refusals) = (true, 0);
                Move(received);
                options.OnOpen?.Invoke(new StreamOpened(
                    transport, received.Control?.Recovered ?? false, received.Control?.Session, received.Control?.Epoch, received.Control?.Latest));
                return null;
            case ReceivedKind.Live:
                options.OnLive?.Invoke(new StreamLive(received.Control?.Replayed ?? 0, received.Control?.Latest));
                return null;
            case ReceivedKind.Gap:
                Take(new StreamGap(received.Control?.After, received.Control?.Next, received.Control?.Reason), received);
                return null;
            case ReceivedKind.Close:
                Close(received.Control);
                return null;
            case ReceivedKind.Nothing:
                Move(received);
                return null;
            default:
                return null;
        }
    }

    // An empty id is one: it takes the last one back (WHATWG HTML, section 9.2.6).
    private void Move(Received received) => _cursor = received.Cursor ?? _cursor;

    private void Take(StreamGap gap, Received received)
    {
        if (gap == _lastGap)
            return;
        _lastGap = gap;
        Log.Gap(parts.Logger, gap.After, gap.Next, gap.Reason);
        Move(received);
        options.OnGap?.Invoke(gap);
        if (options.GetState is null)
            return;
        (_isStateWanted, _isLeft, _end) = (true, true, "The state is loaded again after a gap.");
        _closeWish = _hasMoved ? TimeSpan.Zero : _backoff.Next(null, failed: true);
    }

    private void Close(ControlData? control)
    {
        var reason = control?.Reason;
        (_isLeft, _end) = (true, $"The server closed the stream: {reason}.");
        _transports.Closed();
        if (reason is "unauthenticated" or "forbidden")
            RefuseCaller(_end, reason is "forbidden" ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized);
        if (reason is "revoked")
            parts.Session.Drop();
        var wish = control?.Retry ?? _retry;
        // One that is refused again and again comes back less and less often.
        _closeWish = _backoff.Next(wish, failed: !_isOpened && reason is not "drain");
    }

    private void RefuseCaller(string message, HttpStatusCode status, Exception? inner = null)
    {
        if (parts.Options.AccessToken is null || ++_refusals >= RefusalsAllowed)
            throw new EventStreamException(message, status, inner);
    }

    private TimeSpan Refused(NoStreamException e)
    {
        _end = e.Message;
        if (e.IsTransportBroken && _transports.HasOthers)
        {
            Leave(_transports.Broken());
            return _backoff.Next(e.RetryAfter, failed: true);
        }

        if (e.Status is 401 or 403)
            RefuseCaller(e.Message, (HttpStatusCode)e.Status, e);
        else if (e.Status is { } status and not (408 or 425 or 429 or >= 500))
            throw new EventStreamException(e.Message, (HttpStatusCode)status, e);
        return _backoff.Next(e.RetryAfter ?? _retry, failed: true);
    }

    private TimeSpan Failed(Exception e, bool isSilent)
    {
        _end = isSilent ? "The server did not answer in time." : e.Message;
        Leave(isSilent && _transports.HasOthers ? _transports.Broken() : _transports.Failed());
        return _backoff.Next(_retry, failed: true);
    }

    private TimeSpan Ended(StreamConnection connection, TimeSpan lived)
    {
        _retry = connection.Retry ?? _retry;
        if (_closeWish is { } wish)
            return wish;
        _end ??= "The connection ended.";
        if (!connection.SawByte && _transports.HasOthers)
            Leave(_transports.Broken());
        else
            Leave(_transports.Ended(lived));
        return _backoff.Next(_retry, failed: !_hasMoved && lived < TransportChoice.ShortLife * 5);
    }

    private void Leave(bool isLeft)
    {
        if (isLeft)
            Log.FallsBack(parts.Logger, _transports.Current, _end);
    }

    private async ValueTask WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        Tell(ConnectionStatus.Waiting, _end, wait);
        Log.Reconnects(parts.Logger, wait, _end);
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, parts.Time, cancellationToken).ConfigureAwait(false);
    }

    private void Tell(ConnectionStatus status, string? reason, TimeSpan? retryIn = null) =>
        options.OnState?.Invoke(new ConnectionState(status, _transports.Current, reason, retryIn));

    // Whatever a handler, a decoder, a socket or a proxy makes of a network that fails, or of the caller's own cancellation.
    private static bool IsNetwork(Exception e) => e is HttpRequestException or SocketException or IOException or InvalidDataException or WebSocketException or OperationCanceledException or ObjectDisposedException;
}

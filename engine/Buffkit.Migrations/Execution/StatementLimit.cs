namespace Buffkit.Migrations;

/// <summary>A time limit kept by us, for servers that have none of their own.</summary>
internal sealed class StatementLimit : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly TimeSpan? _timeout;
    private readonly CancellationToken _callers;

    private StatementLimit(TimeSpan? timeout, CancellationToken cancellation)
    {
        _timeout = timeout;
        _callers = cancellation;
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout is { } limit)
        {
            _source.CancelAfter(limit);
        }
    }

    public static StatementLimit Start(TimeSpan? timeout, CancellationToken cancellation) => new(timeout, cancellation);

    public CancellationToken Token => _source.Token;

    /// <summary>Gets a value indicating whether the time is over, and not just the caller's patience.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_callers.IsCancellationRequested;

    public TimeoutException Exceeded(Exception cause) =>
        new($"The statement ran for longer than its '-- statement-timeout: {_timeout?.TotalSeconds}s' and was cancelled.", cause);

    public void Dispose() => _source.Dispose();
}

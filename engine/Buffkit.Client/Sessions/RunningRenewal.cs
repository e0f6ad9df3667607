namespace Buffkit.Client;

/// <summary>The renewal of the session while a connection is open; it ends with the connection.</summary>
internal sealed class RunningRenewal : IAsyncDisposable
{
    private readonly CancellationTokenSource _end;
    private readonly Task _running;

    private RunningRenewal(SessionRenewal renewal, CancellationToken cancellationToken)
    {
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _running = renewal.RunAsync(_end.Token);
    }

    /// <returns>Nothing where there is no session to renew, or nothing to renew it with.</returns>
    public static RunningRenewal? Start(ClientParts parts, CancellationToken cancellationToken) =>
        parts.Options is { RenewSession: true, AccessToken: not null } && parts.Session.Current.Token is not null
            ? new RunningRenewal(parts.Renewal, cancellationToken)
            : null;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }
}

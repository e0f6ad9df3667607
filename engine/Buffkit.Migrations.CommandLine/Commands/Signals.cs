using System.Runtime.InteropServices;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Ctrl-C and SIGTERM cancel; the same again ends the process at once.</summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public Signals()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Handle(signal, CommandLine.ExitCode.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Handle(signal, CommandLine.ExitCode.Terminated));
    }

    public CancellationToken Token => _cancellation.Token;

    /// <summary>Gets the exit code of the signal that came, if one did.</summary>
    public int? ExitCode { get; private set; }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _cancellation.Dispose();
    }

    private void Handle(PosixSignalContext signal, int exitCode)
    {
        if (ExitCode is not null)
        {
            return;
        }

        ExitCode = exitCode;
        signal.Cancel = true;
        _cancellation.Cancel();
    }
}

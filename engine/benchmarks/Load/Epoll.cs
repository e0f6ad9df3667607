using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Buffkit.Benchmarks;

/// <summary>
/// Linux's readiness queue. The runtime's own sockets would cost a buffer per connection and a thread-pool hop per read;
/// this costs neither, so the generator leaves the machine to the server that it measures.
/// </summary>
internal sealed partial class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Readable = 1;
    private const int Interrupted = 4;

    // The kernel packs the structure on x86-64 and only there.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly SafeFileHandle _queue;
    private readonly byte[] _events;

    public Epoll(int capacity)
    {
        if (!OperatingSystem.IsLinux())
            throw new CannotMeasureException("The load generator uses epoll and /proc; run it on Linux.");
        _queue = new SafeFileHandle(Check(Create(CloseOnExec)), ownsHandle: true);
        _events = new byte[capacity * EventSize];
    }

    /// <summary>Reports a socket by its number whenever it has something to read. Closing the socket takes it out.</summary>
    public void Watch(SafeHandle socket, int number)
    {
        Span<byte> wanted = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(wanted, Readable);
        BinaryPrimitives.WriteInt32LittleEndian(wanted[DataOffset..], number);
        Check(Control(_queue, Add, socket, wanted));
    }

    /// <summary>Waits for something to read.</summary>
    /// <param name="patience">How long to wait for the first.</param>
    /// <param name="numbers">Filled with the numbers of readable sockets.</param>
    public int Wait(TimeSpan patience, Span<int> numbers)
    {
        var count = Wait(_queue, _events, Math.Min(numbers.Length, _events.Length / EventSize), (int)patience.TotalMilliseconds);
        if (count < 0 && Marshal.GetLastPInvokeError() == Interrupted)
            return 0;
        Check(count);
        for (var i = 0; i < count; i++)
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan(i * EventSize + DataOffset));
        return count;
    }

    public void Dispose() => _queue.Dispose();

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception();

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeHandle queue, int operation, SafeHandle socket, Span<byte> wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(SafeHandle queue, Span<byte> events, int capacity, int milliseconds);
}

using System.Buffers;

namespace Buffkit.Streams;

/// <summary>Encodes a tail entry into one of its wire forms.</summary>
internal static class FrameEncoder
{
    // Frames are copied out to their exact size; the scratch buffer is the thread's own and keeps its largest frame.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    public static byte[] Encode(TailEntry entry, WireForm form)
    {
        var scratch = _scratch ??= new ArrayBufferWriter<byte>(1024);
        scratch.ResetWrittenCount();
        switch (form)
        {
            case WireForm.RawSse when entry.Gap is { } gap:
                ControlEvents.WriteGap(scratch, gap);
                break;
            case WireForm.RawSse:
                RawSse.Write(scratch, entry.Event!);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(form), form, null);
        }

        return scratch.WrittenSpan.ToArray();
    }
}

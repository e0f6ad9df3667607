using System.Buffers;
using System.Text;

namespace Buffkit.Migrations;

/// <summary>The text of a file: in memory if it is small, otherwise read from the file again whenever some of it is needed.</summary>
/// <remarks>A file that changes between two readings is noticed: what runs is what was checked.</remarks>
internal sealed class ScriptText
{
    /// <summary>Bytes. Ten thousand files of usual size take a few megabytes; a dump of data may take any number.</summary>
    internal const int LargestInMemory = 1024 * 1024;

    /// <summary>Characters read at a time.</summary>
    private const int Piece = 16 * 1024;

    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _file;
    private readonly string _path;
    private readonly long _length;
    private readonly DateTime _written;
    private readonly long _begin;
    private readonly string? _text;

    private ScriptText(string file, string path, FileStream stream, int largestInMemory)
    {
        (_file, _path) = (file, path);
        (_length, _written) = (stream.Length, File.GetLastWriteTimeUtc(stream.SafeFileHandle));
        (Encoding, _begin) = Begin(stream);
        stream.Position = _begin;
        using var reader = new StreamReader(stream, Encoding, detectEncodingFromByteOrderMarks: false);
        using var hash = new TextHash();
        var head = new StringBuilder();
        var buffer = ArrayPool<char>.Shared.Rent(Piece);
        try
        {
            while (reader.ReadBlock(buffer, 0, Piece) is var read and > 0)
            {
                var piece = buffer.AsSpan(0, read);
                hash.Append(piece);
                NoteLineEnds(piece);
                head.Append(head.Length < LargestInMemory ? piece : []);
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }

        Checksum = hash.Current();
        Head = head.ToString();
        _text = _length <= largestInMemory ? Head : null;
    }

    public Encoding Encoding { get; }

    /// <summary>Gets the SHA-256 of the text with lines ended by LF.</summary>
    public string Checksum { get; }

    /// <summary>Gets the text, or of a large one the beginning, which holds the directives.</summary>
    public string Head { get; }

    /// <summary>Gets a value indicating whether lines end in CR alone: to a server that is one line, and a comment in it would swallow the rest.</summary>
    public bool HasOnlyReturns => _returns && !_feeds;

    private bool _returns;
    private bool _pendingReturn;
    private bool _feeds;

    /// <summary>Reads a file without its byte order mark; why it cannot be read goes to <paramref name="problems"/>.</summary>
    public static ScriptText? Read(
        string file, string path, ICollection<ScriptProblem> problems, int largestInMemory = LargestInMemory)
    {
        try
        {
            using var stream = OpenFile(file);
            var text = new ScriptText(file, path, stream, largestInMemory);
            if (!text.HasOnlyReturns)
            {
                return text;
            }

            problems.Add(ScriptProblem.Error(
                ProblemKind.Parse, path, "Its lines end in CR alone. Save the file with LF or CRLF.", line: 1));
        }
        catch (DecoderFallbackException)
        {
            problems.Add(ScriptProblem.Error(ProblemKind.Parse, path, "The file is not UTF-8. Save it as UTF-8."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(ScriptProblem.Error(ProblemKind.Parse, path, $"The file cannot be read: {e.Message}"));
        }

        return null;
    }

    /// <summary>Splits the text, and notes the marks that another tool left in it.</summary>
    public ScriptScan Scan(SqlDialect dialect)
    {
        using var reader = _text is null ? Open() : null;
        var splitter = reader is null
            ? new StatementSplitter(_text!, dialect) { IsMark = ForeignMarkers.IsMark }
            : new StatementSplitter(this, reader, dialect) { IsMark = ForeignMarkers.IsMark };
        return ScriptScan.Of(splitter, reader is null ? new StatementsInMemory() : new StatementsInFile(this));
    }

    /// <summary>Reads the text from the file.</summary>
    public TextReader Open() => Open(0, _length - _begin);

    /// <summary>The data of a COPY.</summary>
    /// <param name="start">Its first byte.</param>
    /// <param name="length">Bytes.</param>
    public CopyData Part(long start, long length) => new(() => Open(start, length));

    /// <summary>Reads bytes.</summary>
    /// <param name="start">The first, counted from where the text begins.</param>
    /// <param name="buffer">Filled as far as there are bytes.</param>
    public int Read(long start, Span<byte> buffer)
    {
        using var stream = OpenAgain(start);
        var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        CheckUnchanged(stream);
        return read;
    }

    /// <exception cref="MigrationFailedException">The file is another one by now.</exception>
    public void CheckUnchanged(FileStream stream)
    {
        if (stream.Length != _length || File.GetLastWriteTimeUtc(stream.SafeFileHandle) != _written)
        {
            throw new MigrationFailedException($"{_path} was changed while it was being read. Run again.");
        }
    }

    private StreamReader Open(long start, long length)
    {
        var part = new FilePart(OpenAgain(start), length, CheckUnchanged);
        return new StreamReader(part, Encoding, detectEncodingFromByteOrderMarks: false, bufferSize: Piece);
    }

    private FileStream OpenAgain(long start)
    {
        try
        {
            var stream = OpenFile(_file);
            stream.Position = _begin + start;
            return stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MigrationFailedException($"{_path} can no longer be read: {e.Message} Run again.", e);
        }
    }

    /// <remarks>Others may write meanwhile: locking them out would need a lock that only some systems know.</remarks>
    private static FileStream OpenFile(string file) =>
        new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>By the byte order mark, which some editors write even twice.</summary>
    private static (Encoding Encoding, long Begin) Begin(FileStream stream)
    {
        Span<byte> first = stackalloc byte[64];
        first = first[..stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)];
        Encoding encoding = first switch
        {
            [0xFF, 0xFE, 0, 0, ..] => new UTF32Encoding(bigEndian: false, byteOrderMark: true, throwOnInvalidCharacters: true),
            [0, 0, 0xFE, 0xFF, ..] => new UTF32Encoding(bigEndian: true, byteOrderMark: true, throwOnInvalidCharacters: true),
            [0xFF, 0xFE, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true),
            [0xFE, 0xFF, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true),
            _ => Utf8,
        };
        var mark = encoding.GetBytes("\uFEFF");
        var begin = 0;
        while (first[begin..].StartsWith(mark))
        {
            begin += mark.Length;
        }

        return (encoding, begin);
    }

    private void NoteLineEnds(ReadOnlySpan<char> piece)
    {
        _feeds |= piece.Contains('\n');
        if (_feeds)
        {
            return;
        }

        // CR at the very end is white space like any other.
        _returns |= _pendingReturn && !piece.IsWhiteSpace();
        _returns |= piece.TrimEnd().Contains('\r');
        _pendingReturn |= piece.Contains('\r');
    }
}

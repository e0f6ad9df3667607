using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Client;

/// <summary>
/// Keeps each cursor in a file of its own. A new one is written beside it, flushed to the disk and then renamed, so a process that is killed
/// at any moment leaves the old cursor or the new one, never a part.
/// </summary>
/// <remarks>For one process per cursor: two that share one would overwrite each other's.</remarks>
public sealed class FileCursorStore : ICursorStore
{
    // Names of files have at most 255 bytes in common file systems.
    private const int LongestPlainName = 100;

    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly string _folder;

    /// <summary>Makes a store.</summary>
    /// <param name="folder">Where the files are; made where it is not there. Keep it on a disk that outlives the process.</param>
    public FileCursorStore(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.GetFullPath(folder);
    }

    /// <inheritdoc/>
    public async ValueTask<string?> LoadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var text = await File.ReadAllTextAsync(FileOf(name), cancellationToken).ConfigureAwait(false);
            return text.Length == 0 ? null : text;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask SaveAsync(string name, string cursor, CancellationToken cancellationToken)
    {
        var file = FileOf(name);
        Directory.CreateDirectory(_folder);
        var next = file + ".next";
        var stream = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None);
        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(cursor), cancellationToken).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }

        File.Move(next, file, overwrite: true);
    }

    // Any name is a name of a file so, also on a file system that does not tell capitals apart.
    private string FileOf(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var isPlain = name.Length <= LongestPlainName && !name.AsSpan().ContainsAnyExcept(PlainCharacters);
        return Path.Combine(_folder, (isPlain ? name : "." + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))) + ".cursor");
    }
}

using System.Text.Json;

namespace Buffkit.Streams.Encryption;

/// <summary>The keys of a server that runs alone: a JSON file that is replaced as a whole.</summary>
internal sealed class FileKeyStore(string path, ProtectedKeys protectedKeys) : IEventKeyStore, IDisposable
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async ValueTask<IReadOnlyList<EventKey>> LoadAsync(CancellationToken cancellationToken) =>
        [.. (await ReadAsync(cancellationToken).ConfigureAwait(false)).Select(entry => protectedKeys.Read(entry.Key, entry.Value)).OfType<EventKey>()];

    public ValueTask AddAsync(EventKey key, CancellationToken cancellationToken) =>
        ChangeAsync(keys => keys[key.Id] = protectedKeys.Write(key), cancellationToken);

    public ValueTask RemoveAsync(IReadOnlyList<EventKey> keys, CancellationToken cancellationToken) =>
        ChangeAsync(
            kept =>
            {
                foreach (var key in keys)
                    kept.Remove(key.Id);
            },
            cancellationToken);

    public void Dispose() => _writing.Dispose();

    private async ValueTask ChangeAsync(Action<Dictionary<string, string>> change, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var keys = await ReadAsync(cancellationToken).ConfigureAwait(false);
            change(keys);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // Renamed into place: a power cut leaves the old file or the new one.
            var next = path + ".new";
            // A file that was left half-written would keep the mode that it has.
            File.Delete(next);
            await using (var file = new FileStream(next, NewFile()))
                await JsonSerializer.SerializeAsync(file, keys, cancellationToken: cancellationToken).ConfigureAwait(false);
            File.Move(next, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeysUnavailableException(e);
        }
        finally
        {
            _writing.Release();
        }
    }

    // Nobody else's from the first moment on.
    private static FileStreamOptions NewFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private async ValueTask<Dictionary<string, string>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false))!
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new KeysUnavailableException(e);
        }
    }
}

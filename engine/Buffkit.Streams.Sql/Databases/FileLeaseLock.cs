namespace Buffkit.Streams.Sql;

/// <summary>A lock that its holder cannot outlive.</summary>
internal interface ILeaseLock : IDisposable
{
    /// <summary>Takes the lock, unless another process has it.</summary>
    bool TryTake();

    /// <summary>Gives it back.</summary>
    void Release();
}

/// <summary>An open file that nobody else may open. The operating system closes it when the process ends, however it ends.</summary>
internal sealed class FileLeaseLock(string path) : ILeaseLock
{
    private FileStream? _file;

    public bool TryTake()
    {
        try
        {
            _file ??= new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Release()
    {
        _file?.Dispose();
        _file = null;
    }

    public void Dispose() => Release();
}

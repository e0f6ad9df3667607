namespace Buffkit.Streams;

/// <summary>
/// Bytes that clients have this server hold: of each address no more than a limit, and of all together no more than another. An
/// address that holds nothing is forgotten.
/// </summary>
/// <param name="total">Bytes of all addresses together; zero means no limit.</param>
/// <param name="perAddress">Bytes of one address; zero means no limit.</param>
internal sealed class ByteBudget(long total, long perAddress)
{
    private readonly Dictionary<string, long> _held = new(StringComparer.Ordinal);
    private long _sum;

    /// <summary>What came of an attempt to hold more.</summary>
    public enum Answer
    {
        Held,
        AddressFull,
        Full,
    }

    /// <summary>Addresses that hold something.</summary>
    public int Addresses
    {
        get
        {
            lock (_held)
                return _held.Count;
        }
    }

    /// <summary>Holds more bytes for an address, or none of them.</summary>
    public Answer TryAdd(string network, long bytes)
    {
        lock (_held)
        {
            var held = _held.GetValueOrDefault(network);
            if (perAddress > 0 && held + bytes > perAddress)
                return Answer.AddressFull;
            if (total > 0 && _sum + bytes > total)
                return Answer.Full;
            if (bytes > 0)
                _held[network] = held + bytes;
            _sum += bytes;
            return Answer.Held;
        }
    }

    /// <summary>Gives back bytes that were held.</summary>
    public void Remove(string network, long bytes)
    {
        if (bytes == 0)
            return;
        lock (_held)
        {
            if (_held[network] == bytes)
                _held.Remove(network);
            else
                _held[network] -= bytes;
            _sum -= bytes;
        }
    }
}

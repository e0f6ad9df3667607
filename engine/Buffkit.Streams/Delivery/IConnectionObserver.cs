namespace Buffkit.Streams;

/// <summary>Who wants to know of every connection that begins and ends on this server; registered as a service.</summary>
internal interface IConnectionObserver
{
    /// <summary>A connection has begun. Called on its way: it must not wait.</summary>
    void Opened(Connection connection);

    /// <summary>A connection has ended, or could not be told to all who want to know that it begins.</summary>
    void Closed(Connection connection);
}

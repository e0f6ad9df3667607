namespace Buffkit.Client;

/// <summary>One session of the client, with its newest token.</summary>
internal sealed class Session
{
    private volatile string? _token;

    public string? Token
    {
        get => _token;
        set => _token = value;
    }
}

/// <summary>The client's session: it goes back with each request, and each answer may bring its next token.</summary>
internal sealed class SessionHolder
{
    public const string Header = "Session-Token";

    private volatile Session _current = new();

    public Session Current => _current;

    public void Take(string? token)
    {
        if (!string.IsNullOrEmpty(token))
            _current.Token = token;
    }

    /// <summary>The server ended the session: the next request begins another one.</summary>
    public void Drop() => _current = new Session();
}

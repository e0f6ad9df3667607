namespace Buffkit.Streams.Redis;

/// <summary>What Redis does in one step; the files are beside this one, in <c>Scripts</c>.</summary>
internal static class RedisScripts
{
    public static string Append { get; } = Read("position") + Read("retention") + Read("append");

    public static string BeginEpoch { get; } = Read("position") + Read("begin-epoch");

    public static string TrimByAge { get; } = Read("position") + Read("retention") + Read("trim-by-age");

    public static string RenewPresence { get; } = Read("renew-presence");

    public static string ReadPresence { get; } = Read("read-presence");

    public static string UseSession { get; } = Read("use-session");

    public static string RenewSession { get; } = Read("renew-session");

    public static string RevokeSession { get; } = Read("revoke-session");

    public static string UseSubject { get; } = Read("use-subject");

    public static string RevokeSubject { get; } = Read("revoke-subject");

    public static string AddConnection { get; } = Read("add-connection");

    private static string Read(string name)
    {
        using var stream = typeof(RedisScripts).Assembly.GetManifestResourceStream($"{name}.lua")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

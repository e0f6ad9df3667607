using System.Security.Claims;
using System.Text;

namespace Buffkit.Streams;

/// <summary>What a session token says. Signed and encrypted on its way, see <see cref="SessionTokens"/>.</summary>
/// <param name="Session">The session.</param>
/// <param name="Generation">Counts the tokens of a session; each connect is given the next.</param>
/// <param name="Issued">When it was made.</param>
/// <param name="Expires">From then on it is nothing.</param>
/// <param name="Binding">Hash of the address that it is bound to.</param>
internal sealed record SessionToken(SessionId Session, long Generation, DateTimeOffset Issued, DateTimeOffset Expires, ulong Binding)
{
    private const string AuthenticationType = "Session";
    private const byte Format = 3;

    /// <summary>Whose session it is; nothing for an anonymous one.</summary>
    public string? Subject { get; init; }

    /// <summary>
    /// When the credentials behind it expire, as far as was known when it was made: what the session's store knows may be later.
    /// </summary>
    public DateTimeOffset? AuthenticatedUntil { get; init; }

    /// <summary>When the credentials were shown that its claims are of.</summary>
    public DateTimeOffset CredentialsShown { get; init; }

    /// <summary>The claims that are kept.</summary>
    public IReadOnlyList<Claim> Claims { get; init; } = [];

    /// <summary>The caller as the token knows it.</summary>
    public ClaimsPrincipal ToPrincipal() => Subject is null ? new ClaimsPrincipal(new ClaimsIdentity()) : Principal(Subject, Claims);

    /// <summary>A subject with the claims of its session.</summary>
    public static ClaimsPrincipal Principal(string subject, IEnumerable<Claim> claims) => new(new ClaimsIdentity(
        [new Claim(Streams.Subject.Claim, subject), .. claims], AuthenticationType, Streams.Subject.Claim, "role"));

    public byte[] ToBytes()
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Format);
        writer.Write(Session.ToBytes());
        writer.Write7BitEncodedInt64(Generation);
        writer.Write(Issued.ToUnixTimeMilliseconds());
        writer.Write(Expires.ToUnixTimeSeconds());
        writer.Write(Binding);
        writer.Write(AuthenticatedUntil?.ToUnixTimeSeconds() ?? 0);
        writer.Write(CredentialsShown.ToUnixTimeMilliseconds());
        writer.Write(Subject ?? "");
        WriteClaims(writer, Claims);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Writes claims as a token has them.</summary>
    public static void WriteClaims(BinaryWriter writer, IReadOnlyList<Claim> claims)
    {
        writer.Write7BitEncodedInt(claims.Count);
        foreach (var claim in claims)
        {
            writer.Write(claim.Type);
            writer.Write(claim.Value);
        }
    }

    /// <summary>Reads what <see cref="WriteClaims"/> wrote.</summary>
    public static Claim[] ReadClaims(BinaryReader reader)
    {
        var claims = new Claim[reader.Read7BitEncodedInt()];
        for (var i = 0; i < claims.Length; i++)
            claims[i] = new Claim(reader.ReadString(), reader.ReadString());
        return claims;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote; the bytes are known to be this system's own.</summary>
    /// <returns>Nothing for another format, such as an older version's.</returns>
    public static SessionToken? FromBytes(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        if (reader.ReadByte() != Format)
            return null;
        var token = new SessionToken(
            SessionId.Of(reader.ReadBytes(SessionId.Bytes)),
            reader.Read7BitEncodedInt64(),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()),
            DateTimeOffset.FromUnixTimeSeconds(reader.ReadInt64()),
            reader.ReadUInt64());
        var until = reader.ReadInt64();
        var shown = reader.ReadInt64();
        var subject = reader.ReadString();
        return token with
        {
            AuthenticatedUntil = until == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(until),
            Subject = subject.Length == 0 ? null : subject,
            CredentialsShown = DateTimeOffset.FromUnixTimeMilliseconds(shown),
            Claims = ReadClaims(reader),
        };
    }
}

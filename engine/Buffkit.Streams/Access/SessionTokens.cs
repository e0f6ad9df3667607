using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>
/// Makes and reads tokens by ASP.NET Core Data Protection: authenticated encryption with keys that rotate by themselves. Its
/// time-limited protector keeps an expiry in the same way, but by the machine's clock.
/// </summary>
internal sealed partial class SessionTokens(IDataProtectionProvider protection, TimeProvider time, ILogger<SessionTokens> logger)
{
    /// <summary>Longest token: with its name and attributes a cookie has at most 4,096 bytes (RFC 6265, section 6.1).</summary>
    public const int MaxLength = 3_800;

    private readonly IDataProtector _protector = protection.CreateProtector("event-streams", "session-token", "v1");

    private readonly IDataProtector _claims = protection.CreateProtector("event-streams", "session-claims", "v1");

    // An outage of the keys is one line in the log, not one per client.
    private volatile bool _failing;

    /// <summary>Makes a token's text: base64url.</summary>
    /// <returns>Nothing where it would be too long, or where the keys are out of reach.</returns>
    public string? Write(SessionToken token)
    {
        try
        {
            var text = Base64Url.EncodeToString(_protector.Protect(token.ToBytes()));
            _failing = false;
            return text.Length <= MaxLength ? text : null;
        }
        catch (Exception e)
        {
            // Whatever the key store throws: streams work without tokens, so they must not end with them.
            if (!_failing)
                Log.NoKeys(logger, e);
            _failing = true;
            return null;
        }
    }

    /// <summary>Reads a token from outside.</summary>
    /// <returns>Nothing for what this system did not issue, was changed, or has expired.</returns>
    public SessionToken? Read(string text)
    {
        if (text.Length is 0 or > MaxLength || !SessionId.IsBase64Url(text) || !Base64Url.IsValid(text))
            return null;
        try
        {
            return SessionToken.FromBytes(_protector.Unprotect(Base64Url.DecodeFromChars(text))) is { } token && token.Expires > time.GetUtcNow()
                ? token
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
        catch (Exception e)
        {
            if (!_failing)
                Log.NoKeys(logger, e);
            _failing = true;
            return null;
        }
    }

    /// <summary>Makes a text of claims for the servers' common memory, which is not to read them.</summary>
    /// <returns>A text that says nothing where the keys are out of reach.</returns>
    public string WriteClaims(IReadOnlyList<Claim> claims)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        SessionToken.WriteClaims(writer, claims);
        writer.Flush();
        try
        {
            return Base64Url.EncodeToString(_claims.Protect(bytes.ToArray()));
        }
        catch (Exception e)
        {
            Log.NoKeys(logger, e);
            return "";
        }
    }

    /// <summary>Reads what <see cref="WriteClaims"/> wrote.</summary>
    /// <returns>None where that cannot be read: rather less than was shown than more.</returns>
    public IReadOnlyList<Claim> ReadClaims(string text)
    {
        try
        {
            return SessionToken.ReadClaims(new BinaryReader(new MemoryStream(_claims.Unprotect(Base64Url.DecodeFromChars(text))), Encoding.UTF8));
        }
        catch (Exception e) when (e is CryptographicException or FormatException or IOException)
        {
            return [];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The keys of session tokens are out of reach; clients are let in as new sessions until they are back.")]
        public static partial void NoKeys(ILogger logger, Exception exception);
    }
}

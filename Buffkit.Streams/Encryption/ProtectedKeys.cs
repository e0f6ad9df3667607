using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Buffkit.Streams;

/// <summary>Keys as text that only servers with the same Data Protection keys can read.</summary>
internal sealed class ProtectedKeys(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("event-streams", "event-keys", "v1");

    /// <exception cref="KeysUnavailableException">The Data Protection keys are out of reach.</exception>
    public string Write(EventKey key)
    {
        try
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"{key.Created.ToUnixTimeMilliseconds()} {Convert.ToBase64String(_protector.Protect(key.Secret))}");
        }
        catch (Exception e)
        {
            throw new KeysUnavailableException(e);
        }
    }

    /// <returns>Nothing for what cannot be read, such as a key of Data Protection keys that are lost.</returns>
    /// <exception cref="KeysUnavailableException">The Data Protection keys are out of reach.</exception>
    public EventKey? Read(string id, string text)
    {
        try
        {
            return text.Split(' ') is [var created, var secret]
                ? new EventKey(
                    id,
                    DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(created, CultureInfo.InvariantCulture)),
                    _protector.Unprotect(Convert.FromBase64String(secret)))
                : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
        catch (Exception e)
        {
            // Whatever their store throws.
            throw new KeysUnavailableException(e);
        }
    }
}

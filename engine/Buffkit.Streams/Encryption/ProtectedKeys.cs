using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Keys as text that only servers with the same Data Protection keys can read.</summary>
internal sealed partial class ProtectedKeys(
    IDataProtectionProvider protection, IOptions<KeyManagementOptions> protectionKeys, ILogger<ProtectedKeys> logger)
{
    private readonly IDataProtector _protector = protection.CreateProtector("event-streams", "event-keys", "v1");

    // Once, not whenever a client asks for keys.
    private int _unreadable;

    /// <exception cref="KeysUnavailableException">The Data Protection keys are out of reach.</exception>
    public string Write(EventKey key)
    {
        try
        {
            // A store that lost this key may have lost those too; see RememberingXmlRepository. Keys are written once a day.
            protectionKeys.Value.XmlRepository?.GetAllElements();
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
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            return new EventKey(
                id,
                DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(text.AsSpan(0, Math.Max(space, 0)), CultureInfo.InvariantCulture)),
                _protector.Unprotect(Convert.FromBase64String(text[(space + 1)..])));
        }
        catch (Exception e) when (e is CryptographicException or FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            if (Interlocked.Exchange(ref _unreadable, 1) == 0)
                Log.Unreadable(logger, id, e);
            return null;
        }
        catch (Exception e)
        {
            // Whatever their store throws.
            throw new KeysUnavailableException(e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error,
            "Stored key {Key} cannot be read, and perhaps others: the Data Protection keys that protect it are lost. Events that it encrypted stay unreadable until they are back.")]
        public static partial void Unreadable(ILogger logger, string key, Exception exception);
    }
}

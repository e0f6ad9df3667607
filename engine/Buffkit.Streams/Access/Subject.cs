using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Streams;

/// <summary>Who a caller is: the claim <c>sub</c>, or what ASP.NET Core makes of it where inbound claims are mapped.</summary>
internal static class Subject
{
    public const string Claim = "sub";

    /// <summary>Longest subject, in characters: OpenID Connect Core 1.0, section 2.</summary>
    public const int MaxLength = 255;

    /// <summary>Names a subject where its name, which is a person's, does not belong: in keys and messages.</summary>
    public static string Hash(string subject) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(subject))[..16]);

    /// <summary>The subject, or nothing for who is not authenticated, or has none that could be kept.</summary>
    public static string? Of(ClaimsPrincipal user) =>
        user.Identity is { IsAuthenticated: true }
        && (user.FindFirst(Claim) ?? user.FindFirst(ClaimTypes.NameIdentifier))?.Value is { Length: > 0 and <= MaxLength } subject
            ? subject
            : null;
}

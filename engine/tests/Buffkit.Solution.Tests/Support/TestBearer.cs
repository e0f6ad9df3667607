using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Buffkit.Tests;

/// <summary>An authority of bearer tokens, and the settings by which the API as it is deployed trusts it.</summary>
public sealed class TestBearer
{
    private const string Issuer = "test-issuer";
    private const string Audience = "test-audience";

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The environment of a process that trusts the tokens, in Production.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["Authentication__Schemes__Bearer__ValidIssuer"] = Issuer,
        ["Authentication__Schemes__Bearer__ValidAudiences__0"] = Audience,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Issuer"] = Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Value"] = Convert.ToBase64String(_key),
    };

    /// <summary>A token, signed with the authority's key or another.</summary>
    public string Token(string subject, TimeSpan lifetime, byte[]? key = null) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Issuer,
        Audience = Audience,
        NotBefore = DateTime.UtcNow.AddHours(-1),
        Expires = DateTime.UtcNow + lifetime,
        Claims = new Dictionary<string, object> { ["sub"] = subject },
        SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(key ?? _key), SecurityAlgorithms.HmacSha256),
    });
}

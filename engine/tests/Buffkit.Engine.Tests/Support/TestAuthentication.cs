using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Tests;

/// <summary>A scheme of the application's own: <c>Authorization: Test {subject}[;{expires}[;{role}]]</c>.</summary>
public sealed class TestAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    private const string Scheme_ = "Test";
    private const string Role = "watcher";

    public static void Add(IServiceCollection services) =>
        services.AddAuthentication(Scheme_).AddScheme<AuthenticationSchemeOptions, TestAuthentication>(Scheme_, null);

    public static void Use(WebApplication app) => app.UseAuthentication();

    public static (string Name, string Value) As(string subject, DateTimeOffset? until = null, string? role = null) => ("Authorization",
        until is null && role is null ? $"{Scheme_} {subject}" : string.Create(CultureInfo.InvariantCulture, $"{Scheme_} {subject};{until:O};{role ?? Role}"));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization.ToString().Split(' ', 2) is not [Scheme_, var value])
            return Task.FromResult(AuthenticateResult.NoResult());
        var parts = value.Split(';');
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", parts[0]), new Claim("role", parts.Length > 2 ? parts[2] : Role)], Scheme_, "sub", "role"));
        var properties = new AuthenticationProperties
        {
            ExpiresUtc = parts.Length > 1 && DateTimeOffset.TryParse(parts[1], CultureInfo.InvariantCulture, out var until) ? until : null,
        };
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, properties, Scheme_)));
    }
}

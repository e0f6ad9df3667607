using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The passwords of all connection strings, so that no message of a driver or of a check of others shows one.</summary>
internal sealed partial class Secrets
{
    /// <summary>Shorter ones are parts of words.</summary>
    private const int Shortest = 4;

    private const string Hidden = "***";

    private readonly string[] _all;

    public Secrets(IConfiguration configuration) =>
        _all = [.. configuration.GetSection("ConnectionStrings").GetChildren()
            .SelectMany(one => Password().Matches(one.Value ?? "").Select(match => match.Groups["value"].Value.Trim().Trim('"', '\'')))
            .Where(secret => secret.Length >= Shortest)
            // A longer one may hold a shorter.
            .OrderByDescending(secret => secret.Length)];

    public string Hide(string text)
    {
        foreach (var secret in _all)
        {
            text = text.Replace(secret, Hidden, StringComparison.Ordinal);
        }

        return text;
    }

    [GeneratedRegex("""(password|pwd|sslpassword|accountkey)\s*=\s*(?<value>"[^"]*"|'[^']*'|[^;,]*)""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Password();
}

using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The passwords of all connection strings, so that no message of a driver or of a check of others shows one.</summary>
internal sealed partial class Secrets
{
    private const string Hidden = "***";

    // The names that drivers have for what opens a server, without the spaces that some have in them.
    private static readonly string[] Names = ["password", "pwd", "psw", "pass", "sslpassword", "certificatepassword", "accountkey", "accesskey", "sharedaccesskey"];

    private readonly Regex[] _all;

    public Secrets(IConfiguration configuration) =>
        _all = [.. configuration.GetSection("ConnectionStrings").GetChildren()
            .SelectMany(one => Of(one.Value ?? ""))
            .Where(secret => secret.Length > 0)
            .Distinct(StringComparer.Ordinal)
            // A longer one may hold a shorter.
            .OrderByDescending(secret => secret.Length)
            // As a word of its own: with a password that is a word, what is hidden elsewhere would tell it.
            .Select(secret => new Regex($@"(?<!\w){Regex.Escape(secret)}(?!\w)", RegexOptions.CultureInvariant))];

    public string Hide(string text)
    {
        foreach (var secret in _all)
        {
            text = secret.Replace(text, Hidden);
        }

        return UserInfo().Replace(text, $"://{Hidden}@");
    }

    private static IEnumerable<string> Of(string connectionString) =>
        [.. OfSql(connectionString), .. OfRedis(connectionString), .. UserInfo().Matches(connectionString).Select(match => Uri.UnescapeDataString(match.Groups["password"].Value))];

    private static IEnumerable<string> OfSql(string connectionString)
    {
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = connectionString };
            return [.. parts.Keys.Cast<string>().Where(IsSecret).Select(key => $"{parts[key]}")];
        }
        catch (ArgumentException)
        {
            // It is none of SQL.
            return [];
        }
    }

    // 'host:6379,password=…': a comma cannot be part of it, but whoever wrote one meant it to be.
    private static IEnumerable<string> OfRedis(string connectionString)
    {
        var isSecret = false;
        foreach (var part in connectionString.Split([',', ';']))
        {
            if (part.Split('=', 2) is [var key, var value])
            {
                isSecret = IsSecret(key);
                if (isSecret)
                    yield return value.Trim();
            }
            else if (isSecret)
            {
                yield return part.Trim();
            }
        }
    }

    private static bool IsSecret(string key) => Names.Contains(key.Replace(" ", "", StringComparison.Ordinal).Trim().ToLowerInvariant());

    [GeneratedRegex("""://[^/@\s:]*:?(?<password>[^/@\s]*)@""", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Buffkit.Streams;

/// <summary>The settings of a server, as far as another program sees them.</summary>
internal sealed class ServerSettings(IConfiguration configuration, IHostEnvironment environment)
{
    /// <summary>Where one of them is there, the server's settings were read.</summary>
    private static readonly string[] OfServers = [StreamsOptions.Section, "AllowedHosts", "Management", "RequestLimits"];

    private const string HowToRead =
        "Give doctor the API's settings: --settings with its appsettings.json, or run it with the API's environment.";

    public static IReadOnlyList<(string Name, Func<ServerSettings, HealthCheckResult> Look)> Checks { get; } =
    [
        ("streams settings", settings => settings.Settings()),
        ("streams access", settings => settings.Access()),
        ("host names", settings => settings.HostNames()),
        ("proxies", settings => settings.Proxies()),
        ("management port", settings => settings.ManagementPort()),
    ];

    // ASP.NET Core's own variable goes before the one for all hosts; a program that is no web server reads only the latter.
    private string Environment => configuration["ASPNETCORE_ENVIRONMENT"] is { Length: > 0 } web ? web : environment.EnvironmentName;

    private bool IsDevelopment => string.Equals(Environment, Environments.Development, StringComparison.OrdinalIgnoreCase);

    private bool AreRead => OfServers.Any(name => configuration.GetSection(name).Exists());

    private HealthCheckResult Settings()
    {
        var section = configuration.GetSection(StreamsOptions.Section);
        if (!AreRead)
            return Finding.Ok($"No setting of a server was read, so every default holds as far as is known. {HowToRead}");
        var unknown = SettingNames.Unknown(section)
            .Select(key => SettingNames.Nearest(key) is { } meant ? $"{key} (is {meant} meant?)" : key).ToList();
        var options = new StreamsOptions();
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            return Finding.Failed($"A value cannot be read, and the server would not start: {e.Message}", "Correct it; docs/configuration.md has the keys and what they may be.", e);
        }

        if (new StreamsOptionsValidator().Validate(null, options) is { Failed: true } invalid)
        {
            return Finding.Failed(
                $"A value is refused, and the server would not start: {string.Join(" ", invalid.Failures ?? [])}", "Correct it; docs/configuration.md has the keys and what they may be.");
        }

        return unknown.Count == 0
            ? Finding.Ok("Every name in section Streams is known, and every value is taken.")
            : Finding.Warning($"Nobody reads {string.Join(", ", unknown)}: the default holds.", "Correct the name, or take it away; docs/configuration.md has all of them.");
    }

    private HealthCheckResult Access()
    {
        // As the server reads it: a number is a value too.
        var open = Enum.TryParse<TopicDefault>(configuration[$"{StreamsOptions.Section}:Authorization:Default"], ignoreCase: true, out var topics) && topics is TopicDefault.Open;
        if (IsDevelopment)
        {
            return IsElsewhere() is { } elsewhere
                ? Finding.Warning(
                    $"The environment is Development, and {elsewhere} is on another machine: topics are open to everybody, and /health, /metrics and errors show details.",
                    "Set ASPNETCORE_ENVIRONMENT and DOTNET_ENVIRONMENT to Production, unless that machine is yours alone.")
                : Finding.Ok("The environment is Development: topics are open to everybody, and /health, /metrics and errors show details. Right on a developer's machine alone.");
        }

        if (!open && Skip() is { } skipped)
            return skipped;
        return open
            ? Finding.Failed(
                $"Streams:Authorization:Default is Open in {Environment}: whoever reaches the server reads and publishes everything, other users' topics included.",
                "Take it away and open what is meant by the policy EventStreams, unless a gateway in front decides.")
            : Finding.Ok($"The environment is {Environment}: topics are closed until a rule opens them.");
    }

    private HealthCheckResult HostNames()
    {
        if (Skip() is { } skipped)
            return skipped;
        var names = configuration["AllowedHosts"];
        // The API's file has the key, so that file was not read.
        if (names is null)
            return Finding.Ok($"Not known: AllowedHosts was not read. {HowToRead}");
        return string.IsNullOrWhiteSpace(names) || names.Split(';', StringSplitOptions.TrimEntries).Contains("*")
            ? Finding.Warning(
                "AllowedHosts names nobody, or everybody: a page of a stranger's name that resolves to the server reads what it answers (DNS rebinding).",
                "Set AllowedHosts to the names of the service, such as shop.example;*.shop.example.")
            : Finding.Ok($"The service is called by {names}.");
    }

    private HealthCheckResult Proxies()
    {
        var proxies = configuration.GetSection($"{StreamsOptions.Section}:Proxies");
        string[] named = [.. Values(proxies, nameof(ProxyOptions.Networks)), .. Values(proxies, nameof(ProxyOptions.Addresses))];
        // Where proxies are named, they alone are believed (TrustedProxies).
        if (named.Length == 0 && (TrustedProxies.TrustsEverybody(configuration) || configuration.GetValue<string>("ASPNETCORE_FORWARDEDHEADERS_ENABLED") is "true" or "True" or "TRUE"))
        {
            return Finding.Warning(
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED believes X-Forwarded-For and X-Forwarded-Proto of everybody: a client chooses its own address, and escapes the limits of addresses.",
                "Name the proxies in Streams:Proxies:Networks or Addresses; then they alone are believed.");
        }

        if (named.Length == 0 && Skip() is { } skipped)
            return skipped;
        return named.Any(name => name.EndsWith("/0", StringComparison.Ordinal))
            ? Finding.Warning(
                $"Streams:Proxies believes everybody ({string.Join(", ", named)}): who reaches the server past its proxy chooses its own address, and escapes the limits of addresses.",
                "Let nothing but the proxy reach the server, or name the network of the proxies alone.")
            : Finding.Ok(named.Length > 0
                ? $"Forwarded headers are believed of {string.Join(", ", named)}."
                : "Nobody's forwarded headers are believed. Behind a proxy name it in Streams:Proxies:Networks, or all clients count as one address and cookies go without Secure.");
    }

    private HealthCheckResult ManagementPort()
    {
        if (Skip() is { } skipped)
            return skipped;
        return configuration["Management:Port"] is { Length: > 0 } port and not "0"
            ? Finding.Ok($"Operators see figures and the parts of health at port {port}. Keep it off the public ingress.")
            : Finding.Warning("Management:Port is not set: outside Development nobody sees /metrics and the parts of /health.", "Set Management:Port to a port that the ingress does not publish, such as 9090.");
    }

    // In Development nothing of this is needed.
    private HealthCheckResult? Skip() => IsDevelopment ? Finding.Ok("Not needed in Development.")
        : AreRead ? null
        : Finding.Ok($"Not known: no setting of a server was read. {HowToRead}");

    /// <summary>The first connection string that leads to another machine; its name alone, as it holds secrets.</summary>
    private string? IsElsewhere() => configuration.GetSection("ConnectionStrings").GetChildren()
        .Where(one => Hosts(one.Value ?? "").Any(host => !IsThisMachine(host))).Select(one => one.Path).FirstOrDefault();

    // 'Host=a,b;…' and 'Server=…' of SQL drivers, 'a:6379,b:6379,password=…' of Redis.
    private static IEnumerable<string> Hosts(string connectionString)
    {
        foreach (var part in connectionString.Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = part.Split('=', 2, StringSplitOptions.TrimEntries) is [var key, var said] ? (key, said) : ("", part);
            if (name.Length == 0 || name.Equals("host", StringComparison.OrdinalIgnoreCase) || name.Equals("server", StringComparison.OrdinalIgnoreCase))
                yield return value;
        }
    }

    private static bool IsThisMachine(string host)
    {
        var name = Uri.TryCreate($"tcp://{host}", UriKind.Absolute, out var address) ? address.Host : host;
        return host.StartsWith('/') || name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (System.Net.IPAddress.TryParse(name.Trim('[', ']'), out var ip) && System.Net.IPAddress.IsLoopback(ip));
    }

    private static IEnumerable<string> Values(IConfiguration section, string name) =>
        section.GetSection(name).GetChildren().Select(one => one.Value ?? "");
}

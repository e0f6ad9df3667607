using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>
/// Reads each line that the engine logs on a test's server, down to the finest level, and finds what no log may tell: tokens, cookies,
/// credentials and payloads. Every server of every test has one.
/// </summary>
public sealed partial class LeakWatch : ILoggerProvider
{
    // Short ones, such as numbers, stand in lines for other reasons.
    private const int ShortestPayload = 8;
    private const int MostPayloads = 256;
    private const int MostFindings = 10;

    private readonly ConcurrentQueue<string> _payloads = new();
    private readonly ConcurrentQueue<string> _findings = new();

    public IReadOnlyCollection<string> Findings => _findings;

    /// <summary>Adds a payload that was published.</summary>
    public void Add(string payload)
    {
        if (payload.Length < ShortestPayload)
            return;
        _payloads.Enqueue(payload);
        if (_payloads.Count > MostPayloads)
            _payloads.TryDequeue(out _);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    // What Data Protection makes begins so (its magic number, in base64url): tokens and cookies. Then a JSON Web Token or JWE. Both are longer
    // than a session's public id, which is as random, and may begin like them.
    [GeneratedRegex("CfDJ8[A-Za-z0-9_-]{24}|eyJ[A-Za-z0-9_-]{10,}\\.|Bearer [A-Za-z0-9]|event-session=", RegexOptions.CultureInvariant)]
    private static partial Regex Secret { get; }

    private void Look(string category, string line)
    {
        if (_findings.Count < MostFindings && (Secret.IsMatch(line) || _payloads.Any(payload => line.Contains(payload, StringComparison.Ordinal))))
            _findings.Enqueue($"{category}: {line}");
    }

    private sealed class Logger(LeakWatch watch, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            watch.Look(category, $"{formatter(state, exception)} {exception}");
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                watch.Look(category, string.Join(' ', values.Select(value => value.Value)));
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>Everything that a server logs.</summary>
/// <param name="keep">Which records to keep; all where it is <c>null</c>.</param>
public sealed class LogRecords(Func<LogRecords.Entry, bool>? keep = null) : ILoggerProvider
{
    public sealed record Entry(LogLevel Level, EventId Id, string Message, string Category);

    private readonly ConcurrentQueue<Entry> _records = new();

    public IReadOnlyCollection<Entry> Records => _records;

    public void Add(IServiceCollection services) =>
        services.AddLogging(logging => logging.AddProvider(this).SetMinimumLevel(LogLevel.Trace));

    public ILogger CreateLogger(string categoryName) => new Logger(_records, keep, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<Entry> records, Func<Entry, bool>? keep, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var entry = new Entry(logLevel, eventId, formatter(state, exception), category);
            if (keep?.Invoke(entry) != false)
                records.Enqueue(entry);
        }
    }
}

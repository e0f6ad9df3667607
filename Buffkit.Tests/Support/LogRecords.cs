using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>Everything that a server logs.</summary>
public sealed class LogRecords : ILoggerProvider
{
    public sealed record Entry(LogLevel Level, EventId Id, string Message);

    private readonly ConcurrentQueue<Entry> _records = new();

    public IReadOnlyCollection<Entry> Records => _records;

    public void Add(IServiceCollection services) =>
        services.AddLogging(logging => logging.AddProvider(this).SetMinimumLevel(LogLevel.Trace));

    public ILogger CreateLogger(string categoryName) => new Logger(_records);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<Entry> records) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            records.Enqueue(new Entry(logLevel, eventId, formatter(state, exception)));
    }
}

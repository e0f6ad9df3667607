using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Says, while a statement takes long, what the server itself says that it waits for.</summary>
internal sealed partial class SlowStatementWatch : IAsyncDisposable
{
    private readonly RunContext _context;
    private readonly string _migration;
    private readonly int _number;
    private readonly Statement _statement;
    private readonly CancellationTokenSource _end = new();
    private readonly ITimer _timer;
    private readonly long _started;
    private Task _report = Task.CompletedTask;

    private SlowStatementWatch(RunContext context, string migration, int number, Statement statement)
    {
        _context = context;
        _migration = migration;
        _number = number;
        _statement = statement;
        _started = context.Time.GetTimestamp();
        _timer = context.Time.CreateTimer(_ => Tick(), null, context.Options.SlowAfter, context.Options.SlowAfter);
    }

    public static SlowStatementWatch Start(RunContext context, string migration, int number, Statement statement) =>
        new(context, migration, number, statement);

    public async ValueTask DisposeAsync()
    {
        // First the timer, whose last tick may still set the report; then the report, awaited so that none outlives its statement.
        await _timer.DisposeAsync();
        if (!_report.IsCompleted)
        {
            await _end.CancelAsync();
            await _report;
        }

        _end.Dispose();
    }

    private void Tick()
    {
        if (_report.IsCompleted)
        {
            _report = ReportAsync();
        }
    }

    private async Task ReportAsync()
    {
        var wait = "it gives no reason";
        try
        {
            wait = await _context.Database.DescribeWaitAsync(_end.Token) ?? wait;
        }
        catch (Exception e) when (e is DbException or OperationCanceledException or InvalidOperationException or TimeoutException)
        {
            wait = "it could not be asked";
        }

        if (!_end.IsCancellationRequested)
        {
            LogSlow(_context.Logger, _migration, _number, _statement.Summary, _context.Time.GetElapsedTime(_started).TotalSeconds, wait);
        }
    }

    [LoggerMessage(22, LogLevel.Warning, "{Migration}: statement {Number} ({Summary}) has been running for {Seconds:0} s. The server: {Wait}.")]
    private static partial void LogSlow(ILogger logger, string migration, int number, string summary, double seconds, string wait);
}

using Spectre.Console;

namespace Buffkit.Migrations.CommandLine;

/// <summary>A bar over the run.</summary>
internal sealed class ProgressBar : ProgressDisplay
{
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
    private readonly Lock _gate = new();
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private long _drawn;
    private bool _visible;

    /// <summary>Redraws at most ten times a second: a script of data has thousands of statements.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    public override void Report(MigrationProgress value)
    {
        lock (_gate)
        {
            var now = TimeProvider.System.GetTimestamp();
            if (_drawn != 0 && TimeProvider.System.GetElapsedTime(_drawn, now) < Interval)
            {
                return;
            }

            _drawn = now;
            _visible = true;
            var text = ProgressText.Bar(value, TimeProvider.System.GetElapsedTime(_began, now), Math.Max(10, _console.Profile.Width - 1));
            _console.Write(new ControlCode("\r\x1b[2K"));
            _console.Write(new Text(text));
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            if (_visible)
            {
                _console.Write(new ControlCode("\r\x1b[2K"));
                _visible = false;
            }
        }
    }
}

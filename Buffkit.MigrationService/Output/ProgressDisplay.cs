using Buffkit.Migrations;

namespace Buffkit.MigrationService;

/// <summary>Shows on standard error how far a run is: a bar on a terminal, lines elsewhere.</summary>
internal abstract class ProgressDisplay : IProgress<MigrationProgress>, IDisposable
{
    public static ProgressDisplay For(bool json, bool verbose) =>
        json && !verbose ? new Silence()
        : verbose ? new Lines(everyStatement: true)
        : Console.IsErrorRedirected ? new Lines(everyStatement: false)
        : new ProgressBar();

    public abstract void Report(MigrationProgress value);

    public abstract void Dispose();

    private sealed class Silence : ProgressDisplay
    {
        public override void Report(MigrationProgress value)
        {
        }

        public override void Dispose()
        {
        }
    }

    /// <summary>A line per statement if asked for, else one now and then for a migration that takes its time.</summary>
    private sealed class Lines(bool everyStatement) : ProgressDisplay
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
        private TimeSpan _said;

        public override void Dispose()
        {
        }

        public override void Report(MigrationProgress value)
        {
            if (value.Statement is null)
            {
                _said = TimeSpan.Zero;
                return;
            }

            if (everyStatement || value.Elapsed - _said >= Interval)
            {
                _said = value.Elapsed;
                Console.Error.WriteLine(
                    $"{value.Migration} {value.Direction} ({value.MigrationNumber} of {value.MigrationCount}): statement {value.StatementsDone + 1} of {value.StatementCount}: {value.Statement}");
            }
        }
    }
}

namespace Buffkit.Migrations.CommandLine;

/// <summary>A line per statement if asked for, else one now and then for a run that takes its time.</summary>
internal sealed class ProgressLines(TextWriter output, TimeProvider time, bool everyStatement) : ProgressDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long _said = time.GetTimestamp();

    public override void Report(MigrationProgress value)
    {
        if (value.Statement is not null && (everyStatement || time.GetElapsedTime(_said) >= Interval))
        {
            _said = time.GetTimestamp();
            output.WriteLine(ProgressText.Line(value));
        }
    }

    public override void Dispose()
    {
    }
}

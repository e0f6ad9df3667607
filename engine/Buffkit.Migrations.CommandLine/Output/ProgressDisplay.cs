namespace Buffkit.Migrations.CommandLine;

/// <summary>Shows on standard error how far a run is: a bar on a terminal, lines elsewhere.</summary>
internal abstract class ProgressDisplay : IProgress<MigrationProgress>, IDisposable
{
    public static ProgressDisplay For(bool json, bool verbose) =>
        json && !verbose ? new Silence()
        : verbose || Console.IsErrorRedirected ? new ProgressLines(Console.Error, TimeProvider.System, everyStatement: verbose)
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
}

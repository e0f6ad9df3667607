using System.CommandLine;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The options that every command has.</summary>
internal sealed class CommonOptions
{
    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Write one JSON document to standard output; everything else goes to standard error.",
        Recursive = true,
    };

    public Option<string?> Provider { get; } = new("--provider")
    {
        Description = "sqlite, postgres or mysql. Otherwise Database:Provider (environment: Database__Provider).",
        Recursive = true,
    };

    public Option<string?> Connection { get; } = new("--connection")
    {
        Description = "The connection string. Otherwise ConnectionStrings:appdb (environment: ConnectionStrings__appdb).",
        Recursive = true,
    };

    public Option<string?> Scripts { get; } = new("--scripts")
    {
        Description = "The folder of the scripts. Otherwise Migrations:Scripts, or the ones that this program was built with.",
        Recursive = true,
    };

    public Option<double?> LockWait { get; } = new("--lock-wait")
    {
        Description = "Seconds to wait for another runner; 0 does not wait. The default is 900.",
        CustomParser = NumberOption.Seconds,
        Recursive = true,
    };

    public Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Description = "Say each statement as it begins.",
        Recursive = true,
    };

    public void AddTo(Command root)
    {
        root.Options.Add(Json);
        root.Options.Add(Provider);
        root.Options.Add(Connection);
        root.Options.Add(Scripts);
        root.Options.Add(LockWait);
        root.Options.Add(Verbose);
    }
}

namespace Buffkit.Migrations;

/// <summary>Which database to migrate, with which scripts, and how patiently.</summary>
public sealed class MigrationOptions
{
    /// <summary>The default of <see cref="LockWait"/>: longer than a migration should take while others wait to start.</summary>
    public static readonly TimeSpan DefaultLockWait = TimeSpan.FromMinutes(15);

    /// <summary>The default of <see cref="SlowAfter"/>.</summary>
    public static readonly TimeSpan DefaultSlowAfter = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the SQL engine, one that a package brings. Required.</summary>
    public MigrationEngine? Engine { get; set; }

    /// <summary>Gets or sets the connection string, in the form of the engine's ADO.NET driver. Required.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Gets or sets the folder of the scripts.</summary>
    /// <value>The default is the folder <c>Scripts</c> beside this assembly.</value>
    public string ScriptsPath { get; set; } = DefaultScriptsPath;

    /// <summary>Gets or sets how long to wait for a runner that is at work on the same database.</summary>
    /// <value>The default is 15 minutes. <see cref="Timeout.InfiniteTimeSpan"/> waits for ever, zero does not wait.</value>
    public TimeSpan LockWait { get; set; } = DefaultLockWait;

    /// <summary>Gets or sets how long to keep trying to connect, for a server that starts at the same time.</summary>
    /// <value>The default is zero: one attempt.</value>
    public TimeSpan ConnectWait { get; set; }

    /// <summary>Gets or sets after which time a statement is reported as slow, and again after as long.</summary>
    /// <value>The default is 10 seconds. At least 1 ms.</value>
    public TimeSpan SlowAfter { get; set; } = DefaultSlowAfter;

    /// <summary>Gets or sets whom the journal names.</summary>
    /// <value>The default is the user and the machine of this process.</value>
    public string Who { get; set; } = $"{Environment.UserName}@{Environment.MachineName}";

    /// <summary>Gets or sets who is told of each statement.</summary>
    public IProgress<MigrationProgress>? Progress { get; set; }

    internal static readonly string DefaultScriptsPath = Path.Combine(AppContext.BaseDirectory, "Scripts");

    /// <exception cref="MigrationConfigurationException">There is none.</exception>
    internal MigrationEngine RequiredEngine => Engine ?? throw new MigrationConfigurationException(
        "There is no engine. Set MigrationOptions.Engine to one that a package brings.");

    internal void Validate()
    {
        _ = RequiredEngine;
        if (string.IsNullOrWhiteSpace(ConnectionString))
        {
            throw new MigrationConfigurationException(
                "There is no connection string. Set ConnectionStrings:appdb (environment: ConnectionStrings__appdb) or --connection.");
        }

        if (SlowAfter < TimeSpan.FromMilliseconds(1))
        {
            throw new MigrationConfigurationException("SlowAfter must be at least 1 ms.");
        }
    }
}

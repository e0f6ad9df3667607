namespace Buffkit.Migrations.CommandLine;

/// <summary>What the process tells its caller. Documented in docs/migrations.md; scripts depend on the numbers.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A migration failed, or something unforeseen happened.</summary>
    public const int Failed = 1;

    /// <summary>A wrong command, option or configuration.</summary>
    public const int Usage = 2;

    /// <summary><c>status --exit-code</c>: migrations are pending.</summary>
    public const int Pending = 3;

    /// <summary>Scripts and journal do not agree, lint found something, or a check of <c>doctor</c> failed.</summary>
    public const int Problems = 4;

    /// <summary>Another runner was at work for too long.</summary>
    public const int Locked = 5;

    /// <summary>The database cannot be reached.</summary>
    public const int Unavailable = 6;

    /// <summary>Cancelled by Ctrl-C; 128 and the number of the signal, as shells count.</summary>
    public const int Interrupted = 130;

    /// <summary>Cancelled by SIGTERM.</summary>
    public const int Terminated = 143;

    public static int Of(Exception exception) => exception switch
    {
        OperationCanceledException => Interrupted,
        MigrationConfigurationException => Usage,
        MigrationValidationException => Problems,
        MigrationLockTimeoutException => Locked,
        DatabaseUnavailableException => Unavailable,
        _ => Failed,
    };
}

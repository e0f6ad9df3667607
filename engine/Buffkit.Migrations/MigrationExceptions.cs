namespace Buffkit.Migrations;

/// <summary>The run did not begin or did not end well. The message says what to do.</summary>
public abstract class MigrationException : Exception
{
    protected MigrationException()
    {
    }

    protected MigrationException(string message)
        : base(message)
    {
    }

    protected MigrationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A statement failed. The message names the migration and the statement; the cause is the inner exception.</summary>
public sealed class MigrationFailedException : MigrationException
{
    public MigrationFailedException()
    {
    }

    public MigrationFailedException(string message)
        : base(message)
    {
    }

    public MigrationFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>An option or a name given by the caller does not fit.</summary>
public sealed class MigrationConfigurationException : MigrationException
{
    public MigrationConfigurationException()
    {
    }

    public MigrationConfigurationException(string message)
        : base(message)
    {
    }

    public MigrationConfigurationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The database cannot be reached, or refuses the login.</summary>
public sealed class DatabaseUnavailableException : MigrationException
{
    public DatabaseUnavailableException()
    {
    }

    public DatabaseUnavailableException(string message)
        : base(message)
    {
    }

    public DatabaseUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Another runner held the lock for longer than this one was to wait.</summary>
public sealed class MigrationLockTimeoutException : MigrationException
{
    public MigrationLockTimeoutException()
    {
    }

    public MigrationLockTimeoutException(string message)
        : base(message)
    {
    }

    public MigrationLockTimeoutException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The scripts, or the scripts and the journal, do not agree; nothing was run.</summary>
public sealed class MigrationValidationException : MigrationException
{
    public MigrationValidationException()
    {
    }

    public MigrationValidationException(string message)
        : base(message)
    {
    }

    public MigrationValidationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public MigrationValidationException(IReadOnlyList<ScriptProblem> problems)
        : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    /// <summary>Gets what does not fit.</summary>
    public IReadOnlyList<ScriptProblem> Problems { get; } = [];

    internal static void ThrowIfAny(IReadOnlyList<ScriptProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new MigrationValidationException(problems);
        }
    }
}

namespace Buffkit.Migrations;

/// <summary>The run did not begin or did not end well. The message says what to do.</summary>
public abstract class MigrationException : Exception
{
    /// <summary>Creates one without a message.</summary>
    protected MigrationException()
    {
    }

    /// <summary>Creates one with a message.</summary>
    /// <param name="message">What happened, and what to do.</param>
    protected MigrationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a message and its cause.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    protected MigrationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A statement failed. The message names the migration and the statement; the cause is the inner exception.</summary>
public sealed class MigrationFailedException : MigrationException
{
    /// <summary>Creates one without a message.</summary>
    public MigrationFailedException()
    {
    }

    /// <summary>Creates one with a message.</summary>
    /// <param name="message">What happened, and what to do.</param>
    public MigrationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a message and its cause.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public MigrationFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>An option or a name given by the caller does not fit.</summary>
public sealed class MigrationConfigurationException : MigrationException
{
    /// <summary>Creates one without a message.</summary>
    public MigrationConfigurationException()
    {
    }

    /// <summary>Creates one with a message.</summary>
    /// <param name="message">What happened, and what to do.</param>
    public MigrationConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a message and its cause.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public MigrationConfigurationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The database cannot be reached, or refuses the login.</summary>
public sealed class DatabaseUnavailableException : MigrationException
{
    /// <summary>Creates one without a message.</summary>
    public DatabaseUnavailableException()
    {
    }

    /// <summary>Creates one with a message.</summary>
    /// <param name="message">What happened, and what to do.</param>
    public DatabaseUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a message and its cause.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public DatabaseUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Another runner held the lock for longer than this one was to wait.</summary>
public sealed class MigrationLockTimeoutException : MigrationException
{
    /// <summary>Creates one without a message.</summary>
    public MigrationLockTimeoutException()
    {
    }

    /// <summary>Creates one with a message.</summary>
    /// <param name="message">What happened, and what to do.</param>
    public MigrationLockTimeoutException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a message and its cause.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public MigrationLockTimeoutException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The scripts, or the scripts and the journal, do not agree; nothing was run.</summary>
public sealed class MigrationValidationException : MigrationException
{
    /// <summary>Creates one without a message.</summary>
    public MigrationValidationException()
    {
    }

    /// <summary>Creates one with a message.</summary>
    /// <param name="message">What happened, and what to do.</param>
    public MigrationValidationException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one with a message and its cause.</summary>
    /// <param name="message">What happened, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public MigrationValidationException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates one that names each problem in a line of its message.</summary>
    /// <param name="problems">What does not fit.</param>
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

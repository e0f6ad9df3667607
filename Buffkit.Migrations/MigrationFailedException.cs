namespace Buffkit.Migrations;

/// <summary>A migration failed. The message names it and says what to do; the cause is the inner exception.</summary>
public sealed class MigrationFailedException : Exception
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

namespace Buffkit.Migrations;

/// <summary>What became of a statement whose runner did not live to see its end.</summary>
internal enum StatementOutcome
{
    /// <summary>It took no effect, or none that its repetition would not have again.</summary>
    NotDone,

    /// <summary>It took effect.</summary>
    Done,

    /// <summary>Only a person who looks can say.</summary>
    Unknown,
}

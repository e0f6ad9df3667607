namespace Buffkit.Streams;

/// <summary>How a stream began.</summary>
internal enum StreamOutcome
{
    /// <summary>Without a cursor.</summary>
    New,

    /// <summary>With all that followed its cursor.</summary>
    Recovered,

    /// <summary>Something that followed its cursor is missing.</summary>
    Gap,
}

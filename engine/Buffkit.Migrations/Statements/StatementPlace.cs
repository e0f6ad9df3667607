namespace Buffkit.Migrations;

/// <summary>Where a statement stands in its file.</summary>
/// <param name="Start">Its first byte, counted from where the text begins.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Line">From 1.</param>
internal readonly record struct StatementPlace(long Start, int Length, int Line);

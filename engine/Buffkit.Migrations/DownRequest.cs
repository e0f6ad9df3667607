namespace Buffkit.Migrations;

/// <summary>How far <c>down</c> goes.</summary>
/// <param name="To">The migration to go back to, which stays; <c>0</c> for before the first. <see langword="null"/> for one step.</param>
/// <param name="Steps">At most so many.</param>
public sealed record DownRequest(string? To = null, int? Steps = null);

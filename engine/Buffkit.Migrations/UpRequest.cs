namespace Buffkit.Migrations;

/// <summary>How far <c>up</c> goes.</summary>
/// <param name="To">The last migration to apply, by number or name; <see langword="null"/> for all.</param>
/// <param name="Steps">At most so many; <see langword="null"/> for all.</param>
/// <param name="OutOfOrder">Whether a pending migration may be older than one already applied.</param>
public sealed record UpRequest(string? To = null, int? Steps = null, bool OutOfOrder = false);

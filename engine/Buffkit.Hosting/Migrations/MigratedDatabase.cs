namespace Buffkit.Hosting;

/// <summary>On the migrations: the database that they bring up to date, for the services that use it.</summary>
/// <param name="Provider">The engine, as in <c>Database:Provider</c>.</param>
/// <param name="Connect">Gives a project the connection.</param>
internal sealed record MigratedDatabase(string Provider, Action<IResourceBuilder<ProjectResource>> Connect) : IResourceAnnotation;

/// <summary>On the migrations: a service that uses the database.</summary>
/// <param name="Service">The service.</param>
internal sealed record MigratedService(ProjectResource Service) : IResourceAnnotation;

var builder = DistributedApplication.CreateBuilder(args);

var postgres = builder.AddPostgres(Resources.Postgres);
var database = postgres.AddDatabase(Resources.AppDatabase);

var migrations = builder.AddProject<Projects.Buffkit_MigrationService>(Resources.Migrations)
    .WithReference(database)
    .WithEnvironment("Database__Provider", "postgres")
    .WaitFor(database);

builder.AddProject<Projects.Buffkit_Api>(Resources.Api)
    .WithReference(database)
    .WithEnvironment("Database__Provider", "postgres")
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .WaitForCompletion(migrations);

await builder.Build().RunAsync();

/// <summary>The names under which resources appear in the dashboard and in connection strings.</summary>
internal static class Resources
{
    public const string Postgres = "postgres";
    public const string AppDatabase = "appdb";
    public const string Migrations = "migrations";
    public const string Api = "api";
}

namespace Buffkit.AppHost;

internal static class EmbeddedDatabase
{
    private const string Provider = "sqlite";

    /// <summary>Adds the migrations of a SQLite file below the AppHost, which the API shares.</summary>
    public static AppDatabase AddEmbeddedDatabase(this IDistributedApplicationBuilder builder)
    {
        var file = Path.Combine(builder.AppHostDirectory, "data", "app.db");
        return builder.AddMigrations(Resources.Migrations, Provider, project =>
            project.WithEnvironment("ConnectionStrings__appdb", $"Data Source={file}"));
    }
}

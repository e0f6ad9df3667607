using Buffkit.Migrations;
using Buffkit.MigrationService;
using Buffkit.ServiceDefaults;

var builder = Host.CreateApplicationBuilder(args);
builder.AddServiceDefaults();
builder.AddAppDatabase();
builder.Services.AddMigrations((services, options) =>
{
    var database = services.GetRequiredService<AppDatabase>();
    options.Engine = Enum.Parse<MigrationEngine>(database.Provider.ToString());
    options.ConnectionString = database.ConnectionString;
});
builder.Services.AddHostedService<MigrationWorker>();
await builder.Build().RunAsync();

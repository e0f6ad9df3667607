using Buffkit.Migrations;
using Buffkit.Migrations.CommandLine;
using Buffkit.ServiceDefaults;

return await MigrationCommandLine.RunAsync(
    args,
    engines =>
    {
        engines.AddSqlite();
        //#if (postgres)
        engines.AddPostgres();
        //#endif
        //#if (mysql)
        engines.AddMySql();
        //#endif
    },
    builder =>
    {
        builder.AddServiceDefaults().AddTelemetrySources(MigrationTelemetry.Name);
        // What the command `doctor` looks at beside the database. A check of your own has the tag `doctor`.
        builder.Services.AddHealthChecks()
            //#if (redis)
            .AddRedisDoctor(builder.Configuration.GetConnectionString("redis"))
            //#endif
            .AddEventStreamsDoctor();
    });

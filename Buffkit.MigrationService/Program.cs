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
    builder => builder.AddServiceDefaults().AddTelemetrySources(MigrationTelemetry.Name));

using Buffkit.AppHost;

//#if (!sqlite)
// `-- run-job NAME`: what azd's hook calls between the deployment of the migrations and that of the API.
if (args is [ContainerAppJob.Command, var job])
{
    return await ContainerAppJob.RunFromEnvironmentAsync(job);
}

var builder = DistributedApplication.CreateBuilder(EmbeddedMode.ToConfiguration(args));
if (await builder.IsEmbeddedAsync())
{
    var file = builder.AddEmbeddedDatabase();
    builder.AddApi(file);
}
else
{
    var target = builder.AddDeploymentTarget();
    //#if (redis)
    var redis = builder.AddRedisLog(target);
    //#endif
    //#if (repository)

    // The database of the API, by `--database postgres|mysql`.
    var appdb = builder.IsDatabase(Databases.MySql)
        ? builder.AddMySqlDatabase(Resources.Migrations)
        : builder.AddPostgresDatabase(Resources.Migrations, target);

    // At home the other engine runs beside it, so that every script meets both.
    if (builder.ExecutionContext.IsRunMode)
    {
        _ = builder.IsDatabase(Databases.MySql)
            ? builder.AddPostgresDatabase(Resources.PostgresMigrations, target)
            : builder.AddMySqlDatabase(Resources.MySqlMigrations);
    }

    ////#elseif (postgres)
    //var appdb = builder.AddPostgresDatabase(Resources.Migrations, target);
    ////#else
    //var appdb = builder.AddMySqlDatabase(Resources.Migrations);
    //#endif
    builder.AddApi(appdb)
        //#if (redis)
        .WithReplicas(2)
        .WithReference(redis, connectionName: Resources.Redis)
        .WaitFor(redis)
        //#endif
        .PublishTo(target, appdb.Migrations);
}

await builder.Build().RunAsync();
return 0;
////#else
//var builder = DistributedApplication.CreateBuilder(args);
//var file = builder.AddEmbeddedDatabase();
//builder.AddApi(file);
//await builder.Build().RunAsync();
//#endif

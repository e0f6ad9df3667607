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

    // `--database postgres|mysql|both`: with both, the API is on PostgreSQL, and the scripts meet MySQL as well.
    var chosen = builder.ChooseDatabase();
    var appdb = chosen == Databases.MySql
        ? builder.AddMySqlDatabase(Resources.Migrations)
        : builder.AddPostgresDatabase(Resources.Migrations, target);
    if (chosen == Databases.Both && builder.ExecutionContext.IsRunMode)
    {
        builder.AddMySqlDatabase(Resources.MySqlMigrations);
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

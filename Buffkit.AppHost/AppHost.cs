//#if (!sqlite)
using Buffkit.AppHost;
using Buffkit.Hosting;

// `-- run-job NAME`: what azd's hook calls between the deployment of the migrations and that of the API.
if (args is [ContainerAppJob.Command, var job])
    return await ContainerAppJob.RunFromEnvironmentAsync(job);

// Where no container engine answers, or with `--embedded`: one API with its log in memory, and a SQLite file.
var builder = DistributedApplication.CreateBuilder(EmbeddedMode.ToConfiguration(args));
////#else
//var builder = DistributedApplication.CreateBuilder(args);
//#endif
var api = builder.AddProject<Projects.Buffkit_Api>("api")
    .WithExternalHttpEndpoints()
    //#if (sample)
    .WithUrlForEndpoint("http", url => url.DisplayText = "Live page")
    //#endif
    .WithEventStreams();

//#if (!sqlite)
if (await builder.IsEmbeddedAsync())
{
    api.WithMigrations(builder.AddMigrations<Projects.Buffkit_MigrationService>("migrations"));
}
else
{
    var target = builder.AddDeploymentTarget();
    //#if (redis)

    // The log survives a restart; a crash costs at most its last ten seconds.
    var redis = target is DeploymentTarget.Azure
        ? builder.AddAzureRedis("redis")
        : builder.AddRedis("redis")
            .WithImageTag("8.6")
            .WithDataVolume()
            .WithPersistence(interval: TimeSpan.FromSeconds(10), keysChangedThreshold: 1)
            .WithLifetime(ContainerLifetime.Persistent)
            .WithRedisInsight(tool => tool.WithExplicitStart())
            .PublishAsLastingService(check: "REDISCLI_AUTH=\"$$REDIS_PASSWORD\" redis-cli ping | grep PONG");
    //#endif
    //#if (repository)

    // `--database postgres|mysql|both`: with both, the API is on PostgreSQL, and the scripts meet MySQL as well.
    var chosen = builder.Configuration["Database"]?.ToLowerInvariant();
    var migrations = chosen switch
    {
        null or "" or "postgres" or "both" => AddPostgres("migrations"),
        "mysql" => AddMySql("migrations"),
        _ => throw new InvalidOperationException($"Database is '{chosen}'. Set it to postgres, mysql or both."),
    };
    if (chosen == "both" && builder.ExecutionContext.IsRunMode)
        AddMySql("mysql-migrations");
    ////#elseif (postgres)
    //var migrations = AddPostgres("migrations");
    ////#else
    //var migrations = AddMySql("migrations");
    //#endif

    api.WithMigrations(migrations)
        //#if (redis)
        .WithReplicas(2)
        .WithReference(redis)
        .WaitFor(redis)
        //#endif
        .PublishTo(target, migrations);
    //#if (postgres)

    IResourceBuilder<ProjectResource> AddPostgres(string name)
    {
        var database = target is DeploymentTarget.Azure
            ? builder.AddAzurePostgres("postgres", "postgresdb", "appdb")
            : builder.AddPostgres("postgres")
                .WithImageTag("18.3")
                .WithDataVolume()
                .WithLifetime(ContainerLifetime.Persistent)
                .WithPgWeb(tool => tool.WithExplicitStart())
                // Here Aspire creates the database; in a Compose file the image does.
                .WithEnvironment("POSTGRES_DB", "appdb")
                .PublishAsLastingService(check: "pg_isready --username=postgres --dbname=appdb --host=127.0.0.1")
                .AddDatabase("postgresdb", "appdb");
        return builder.AddMigrations<Projects.Buffkit_MigrationService>(name, "postgres", database);
    }
    //#endif
    //#if (mysql)

    // A container, or in a deployment whatever ConnectionStrings:mysqldb names.
    IResourceBuilder<ProjectResource> AddMySql(string name)
    {
        IResourceBuilder<IResourceWithConnectionString> database = builder.ExecutionContext.IsPublishMode
            ? builder.AddConnectionString("mysqldb")
            : builder.AddMySqlServer("mysql", "9.7")
                .WithDataVolume()
                .WithLifetime(ContainerLifetime.Persistent)
                .AddDatabase("mysqldb", "appdb");
        return builder.AddMigrations<Projects.Buffkit_MigrationService>(name, "mysql", database);
    }
    //#endif
}

////#else
//api.WithMigrations(builder.AddMigrations<Projects.Buffkit_MigrationService>("migrations"));
//#endif
await builder.Build().RunAsync();
//#if (!sqlite)
return 0;
//#endif

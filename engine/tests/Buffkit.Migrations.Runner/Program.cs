using Buffkit.Migrations.CommandLine;
using Microsoft.Extensions.DependencyInjection;

return await MigrationCommandLine.RunAsync(args, engines => engines.AddSqlite().AddPostgres().AddMySql());

using Buffkit.MigrationService;

// Without a command: the worker that brings the schema up to date, as containers and the AppHost start it.
var (configuration, command) = Arguments.Split(args);
return command.Length == 0
    ? await Worker.RunAsync(configuration)
    : await MigrationCommands.RunAsync(configuration, command);

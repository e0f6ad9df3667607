using Microsoft.Extensions.Hosting;

namespace Buffkit.Migrations.CommandLine;

/// <summary>A program that migrates a database: as a worker beside services, and by hand as a command line.</summary>
public static class MigrationCommandLine
{
    /// <summary>
    /// The tag of health checks that the command <c>doctor</c> runs, which the application registers with the builder's services
    /// (<c>AddHealthChecks()</c>). Healthy is ok, degraded a warning, unhealthy a failure; the description says what was found, and a text
    /// <c>do</c> in the result's data what to do. A check that says nothing where another one failed has a tag <c>needs:</c> with that one's
    /// name. Each has its own time-out, or 10 seconds.
    /// </summary>
    public const string DoctorTag = "doctor";

    /// <summary>Runs what the arguments say; without a command, brings the schema up to date and ends, as containers and the AppHost start it.</summary>
    /// <remarks>
    /// Configuration: <c>Database:Provider</c> is the name of an engine, <c>sqlite</c> by default;
    /// <c>ConnectionStrings:appdb</c>; <c>Migrations:Scripts</c>; <c>Migrations:LockWait</c>.
    /// </remarks>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="engines">Adds the engines that the program has.</param>
    /// <param name="configure">Adds what belongs to the application, such as its telemetry; <see langword="null"/> for nothing.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(
        string[] arguments, Action<MigrationEngines> engines, Action<IHostApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(engines);
        var added = new MigrationEngines();
        engines(added);
        var (configuration, command) = Arguments.Split(arguments);
        var host = new RunnerHost(configuration, added, configure ?? (_ => { }));
        return command.Length == 0 ? Worker.RunAsync(host) : MigrationCommands.RunAsync(host, command);
    }
}

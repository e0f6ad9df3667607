namespace Buffkit.Tests;

/// <summary>
/// The servers' own programs that write a schema. Of MySQL's any will do that is on this machine. PostgreSQL's must not be older than
/// the server, so it comes from the server's image, by a script as the error about a missing one describes it.
/// </summary>
internal static class DumpPrograms
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    private static readonly DirectoryInfo Scripts = Directory.CreateTempSubdirectory("programs-");

    static DumpPrograms()
    {
        Write("pg_dump", "exec docker run --rm --network host -e PGPASSWORD -e PGSSLMODE postgres:17-alpine pg_dump \"$@\"");
        if (!IsOnPath("mysqldump"))
        {
            Write("mysqldump", "exec docker run --rm --network host -e MYSQL_PWD mysql:8.4 mysqldump \"$@\"");
        }

        Environment.SetEnvironmentVariable("PATH", $"{Scripts.FullName}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Scripts.Delete(recursive: true);
    }

    public static async Task<string> DumpOrSkipAsync(TestDatabase database)
    {
        SkipUnlessThere(database.Engine);
        return await database.Runner().DumpAsync(TestContext.Current.CancellationToken);
    }

    public static void SkipUnlessThere(TestEngine engine)
    {
        var program = engine switch { TestEngine.Postgres => "pg_dump", TestEngine.MySql => "mysqldump", _ => null };
        Assert.SkipWhen(
            program is not null && File.Exists(Path.Combine(Scripts.FullName, program)) && !IsOnPath("docker"),
            $"There is no {program} that fits, and no docker that could run one.");
    }

    private static void Write(string name, string command)
    {
        var path = Path.Combine(Scripts.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{command}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, Executable);
        }
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}

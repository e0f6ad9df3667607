using System.Globalization;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL's schema as SQL, by <c>pg_dump</c>.</summary>
internal sealed partial class PostgresDatabase
{
    private static readonly DumpProgram PgDump = new(
        "pg_dump",
        "It must not be older than the server. Debian and Ubuntu: apt-get install postgresql-client. macOS: brew install libpq. "
        + "Windows: winget install PostgreSQL.PostgreSQL, or choco install postgresql. With Docker: a script of that name on the PATH that runs "
        + "'docker run --rm --network host -e PGPASSWORD -e PGSSLMODE postgres:17 pg_dump \"$@\"'.");

    /// <summary>What of the program's preparations a script needs: the rest are the defaults of each session.</summary>
    private static readonly string[] Needed = ["check_function_bodies", "search_path"];

    public override async Task<string> DumpAsync(CancellationToken cancellation)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        string[] arguments =
        [
            "--schema-only", "--no-owner", "--no-privileges",
            $"--exclude-table=*.{Journal.TableName}", $"--exclude-table=*.{AdoptedJournal.TableName}",
            $"--host={settings.Host}", $"--port={settings.Port.ToString(CultureInfo.InvariantCulture)}",
            $"--username={Npgsql.UserName}", $"--dbname={Npgsql.Database}", "--no-password",
        ];
        var environment = new Dictionary<string, string?>
        {
            ["PGPASSWORD"] = settings.Password,
            ["PGPASSFILE"] = settings.Passfile,
            ["PGSSLMODE"] = SslModeOf(settings.SslMode),
            ["PGSSLROOTCERT"] = settings.RootCertificate,
            ["PGSSLCERT"] = settings.SslCertificate,
            ["PGSSLKEY"] = settings.SslKey,
            ["PGCLIENTENCODING"] = "UTF8",
        };
        var dump = await PgDump.RunAsync(arguments, environment, cancellation);
        return DumpText.Of(dump, Engine.Dialect, IsSetting, statement =>
            !IsSetting(statement) ? $"{statement.Text};\n"
            : Needed.Any(name => statement.Text.Contains(name, StringComparison.Ordinal)) ? $"{statement.Text};"
            : "");
    }

    private static bool IsSetting(Statement statement) =>
        StatementWords.Leading(statement, 3) is ["SET", ..] or ["SELECT", "PG_CATALOG", "SET_CONFIG"];

    private static string SslModeOf(SslMode mode) => mode switch
    {
        SslMode.VerifyCA => "verify-ca",
        SslMode.VerifyFull => "verify-full",
        _ => $"{mode}".ToLowerInvariant(),
    };
}

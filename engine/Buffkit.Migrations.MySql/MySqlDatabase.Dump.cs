using System.Globalization;
using System.Text.RegularExpressions;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>MySQL's schema as SQL, by <c>mysqldump</c>.</summary>
internal sealed partial class MySqlDatabase
{
    private static readonly DumpProgram MySqlDump = new(
        "mysqldump",
        "Debian and Ubuntu: apt-get install default-mysql-client. macOS: brew install mysql-client. Windows: winget install Oracle.MySQL, or "
        + "choco install mysql-cli. With Docker: a script of that name on the PATH that runs 'docker run --rm --network host -e MYSQL_PWD mysql:8 mysqldump \"$@\"'.");

    public override async Task<string> DumpAsync(CancellationToken cancellation)
    {
        var settings = new MySqlConnectionStringBuilder(connectionString);
        var isMariaDb = (await MySqlDump.RunAsync(["--version"], new Dictionary<string, string?>(), cancellation))
            .Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        string[] arguments =
        [
            // Not from the user's own option files: the connection string says all there is to say.
            "--no-defaults",
            "--protocol=tcp", $"--host={settings.Server}", $"--port={settings.Port.ToString(CultureInfo.InvariantCulture)}", $"--user={settings.UserID}",
            "--no-data", "--routines", "--events", "--triggers", "--skip-comments", "--skip-add-drop-table", "--no-tablespaces", "--skip-lock-tables",
            $"--ignore-table={settings.Database}.{Journal.TableName}",
            $"--ignore-table={settings.Database}.{await SpellingOfAsync(AdoptedJournal.TableName, cancellation)}",
            .. isMariaDb ? (string[])[] : ["--set-gtid-purged=OFF", $"--ssl-mode={SslModeOf(settings.SslMode)}", "--get-server-public-key"],
            settings.Database,
        ];
        var dump = await MySqlDump.RunAsync(arguments, new Dictionary<string, string?> { ["MYSQL_PWD"] = settings.Password }, cancellation);
        return DumpText.Of(Sandbox().Replace(dump, ""), Engine.Dialect, IsSetting, Write);
    }

    private static bool IsSetting(Statement statement) => StatementWords.Leading(statement, 1) is ["SET"] or [];

    private static string Write(Statement statement)
    {
        // Where the counter stands is data.
        var text = MySqlJudge.AutoIncrement().Replace(statement.Text, "");
        return IsSetting(statement) ? $"{text};"
            : text.Contains(';', StringComparison.Ordinal) ? $"DELIMITER $$\n{text}$$\nDELIMITER ;\n"
            : $"{text};\n";
    }

    private static string SslModeOf(MySqlSslMode mode) => mode switch
    {
        MySqlSslMode.None => "DISABLED",
        MySqlSslMode.Required => "REQUIRED",
        MySqlSslMode.VerifyCA => "VERIFY_CA",
        MySqlSslMode.VerifyFull => "VERIFY_IDENTITY",
        _ => "PREFERRED",
    };

    /// <summary>MariaDB's program begins with a command for its own client.</summary>
    [GeneratedRegex(@"^/\*M?!999999[^\n]*\n")]
    private static partial Regex Sandbox();
}

using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using Buffkit.Api;
using Buffkit.Streams;
using Buffkit.Streams.Encryption;
using Buffkit.Streams.Redis;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Buffkit.Tests;

/// <summary>
/// <c>docs/configuration.md</c> is what the options classes and their doc comments say. With <c>APPROVE=true</c> in the
/// environment the test writes it.
/// </summary>
public sealed class ConfigurationPageTests
{
    private const string Example =
        """
        {
          "Database": { "Provider": "postgres" },
          "Streams": {
            "Heartbeat": "00:00:20",
            "Delivery": { "Policy": "Conflate" },
            "Limits": { "EventBytes": 131072 }
          }
        }
        """;


    [Fact]
    public void Page_OptionsClasses_SayTheSame() => Approved.Equal(Repository.Folder("docs/configuration.md"), Page());

    [Fact]
    public void Page_Example_IsRead()
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(Example));
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddJsonStream(json).Build());
        services.AddLogging();
        services.AddEventStreams();
        using var provider = services.BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<StreamsOptions>>().Value;

        Assert.Equal((TimeSpan.FromSeconds(20), DeliveryPolicy.Conflate, 131_072), (options.Heartbeat, options.Delivery.Policy, options.Limits.EventBytes));
    }

    private static string Page()
    {
        var page = new StringBuilder(
            $"""
            # Configuration

            Everything has a default that works, so an empty configuration runs one server on a SQLite file. What is set is read
            as ASP.NET Core reads it, from `appsettings.json`, then from environment variables (`Streams__Heartbeat=00:00:20`),
            then from the command line, and a wrong value stops the server at start with a message that names the key.

            ```json
            {Example}
            ```

            Times are written `hours:minutes:seconds`, or `days.hours:minutes:seconds`. This page is generated from the options
            classes and their comments.

            ## Data

            | key | default | meaning |
            | --- | --- | --- |
            | `Database:Provider` | `sqlite` | The application's database: `sqlite`, `postgres` or `mysql`. |
            | `Database:CheckSchema` | `true` | Whether `/health` fails while the database lacks migrations of this version. `false` where the API's login may not read the journal of migrations, or others apply them. |
            | `ConnectionStrings:appdb` | `data/app.db` under the content root | Where it is, in the form of the engine's ADO.NET driver. Required unless it is SQLite. |
            | `ConnectionStrings:redis` | none | Redis, as StackExchange.Redis writes it (`host:6379`). With it servers share one log, without it a server runs alone. |
            | `Migrations:Scripts` | `Scripts` beside the program | The folder of the migration service's scripts, and of those that the API looks for. |
            | `Migrations:LockWait` | `00:15:00` | How long the migration service waits for another runner. |
            | `AllowedHosts` | in Development this machine's names, elsewhere all | The names by which the service may be called, with `;` between them, `*.shop.example` for all below one; `*` for any. This machine's names are always added. Anything else is answered `400`. |
            | `Management:Port` | `0` | The port on which the service also listens, on all addresses, and alone answers `/metrics` and the parts of `/health` outside Development; keep it off the public ingress. `0` to `65535`, `0` means none. |
            | `OTEL_EXPORTER_OTLP_ENDPOINT` | none | Where traces, metrics and logs are sent; the rest of OpenTelemetry's variables are understood too. |

            """);
        AppendSection(page, RequestLimitsOptions.Section, typeof(RequestLimitsOptions), new RequestLimitsOptions());
        AppendSection(page, StreamsOptions.Section, typeof(StreamsOptions), new StreamsOptions());
        AppendSection(page, EncryptionOptions.Section, typeof(EncryptionOptions), new EncryptionOptions());
        AppendSection(page, RedisOptions.Section, typeof(RedisOptions), new RedisOptions());
        AppendSection(page, HistoryOptions.Section, typeof(HistoryOptions), new HistoryOptions());
        AppendSection(page, OutboxOptions.Section, typeof(OutboxOptions), new OutboxOptions());
        return page.ToString();
    }

    private static void AppendSection(StringBuilder page, string section, Type type, object defaults)
    {
        var docs = XmlDocs.Of(type.Assembly);
        page.Append(CultureInfo.InvariantCulture, $"\n## {section}\n\n{docs.Summary(type)}\n");
        var properties = type.GetProperties().Where(property => property.CanWrite || IsCollection(property)).ToArray();
        var values = properties.Where(property => !IsSection(property)).ToArray();
        if (values.Length > 0)
            page.Append("\n| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n");
        foreach (var property in values)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"| `{property.Name}` | {Default(property, defaults)} | {Bounds(property)} | {Cell(docs.Summary(property))} |\n");
        }

        foreach (var property in properties.Where(IsSection))
            AppendSection(page, $"{section}:{property.Name}", property.PropertyType, property.GetValue(defaults)!);
    }

    private static bool IsSection(PropertyInfo property) => property.GetCustomAttribute<ValidateObjectMembersAttribute>() is not null;

    private static string Default(PropertyInfo property, object defaults) =>
        property.GetValue(defaults) switch
        {
            null or "" => "none",
            System.Collections.ICollection { Count: 0 } => "none",
            bool value => value ? "`true`" : "`false`",
            // Without the zeros behind a fraction of a second.
            TimeSpan value => $"`{(value.Ticks % TimeSpan.TicksPerSecond == 0 ? $"{value}" : $"{value}".TrimEnd('0'))}`",
            var value => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
        };

    private static bool IsCollection(PropertyInfo property) =>
        property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(System.Collections.IEnumerable));

    private static string Bounds(PropertyInfo property) => property.GetCustomAttribute<RangeAttribute>() switch
    {
        // A range of longs is kept as doubles; the largest of them means that there is no bound.
        { Maximum: >= (double)long.MaxValue } range => $"`{range.Minimum}` or more",
        { } range => $"`{range.Minimum}` to `{range.Maximum}`",
        null when property.PropertyType.IsEnum => string.Join(", ", Enum.GetNames(property.PropertyType).Select(name => $"`{name}`")),
        null when IsCollection(property) => "a list",
        null => "",
    };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}

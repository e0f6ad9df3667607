using System.Data.Common;
using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets events outlive memory, and be published by transactions.</summary>
public static class SqlBuilderExtensions
{
    /// <summary>
    /// Keeps events in a database. A server that runs alone has its log there: what it has accepted survives a restart. Of servers that
    /// share a log one copies it there. The tables come by migrations that the package brings.
    /// </summary>
    /// <param name="streams">The engine.</param>
    /// <param name="connectionName">
    /// The key of a registered <see cref="DbDataSource"/>, as Aspire's client integrations name it; where there is none with that key,
    /// the one without a key is used.
    /// </param>
    /// <param name="configure">Sets options in code, after the configuration (section <c>Streams:History</c>).</param>
    /// <returns>The same builder.</returns>
    public static EventStreamsBuilder AddSqlHistory(
        this EventStreamsBuilder streams, string connectionName = "appdb", Action<HistoryOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        return streams.AddSqlHistory(provider => Find(provider, connectionName), configure);
    }

    /// <summary>Keeps events in a database of the application's own choice.</summary>
    /// <param name="streams">The engine.</param>
    /// <param name="source">Gives the data source, which stays the application's.</param>
    /// <param name="configure">Sets options in code, after the configuration (section <c>Streams:History</c>).</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="NotSupportedException">At the start: the data source is none of Npgsql, MySqlConnector and Microsoft.Data.Sqlite.</exception>
    public static EventStreamsBuilder AddSqlHistory(
        this EventStreamsBuilder streams, Func<IServiceProvider, DbDataSource> source, Action<HistoryOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(source);
        var services = streams.Services;
        var options = services.AddOptions<HistoryOptions>().BindConfiguration(HistoryOptions.Section).ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(HistoryHealth)))
            return streams;
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HistoryOptions>, HistoryOptionsValidator>());
        services.TryAddKeyedSingleton(HistoryHealth.Name, (provider, _) => EventDatabase.Of(source(provider)));
        services.TryAddSingleton<HistoryHealth>();
        services.TryAddSingleton<HistoryMetrics>();
        // Nothing where it is switched off: a cursor behind the log is then told of its gap at once.
        services.TryAddSingleton<IEventHistory>(provider => History(provider).Enabled
            ? new SqlEventHistory(HistoryDatabase(provider), History(provider), provider.GetRequiredService<HistoryHealth>())
            : null!);

        services.TryAddSingleton<SqlLogQueue>();
        services.TryAddSingleton(provider => new SqlLogStore(
            HistoryDatabase(provider), provider.GetRequiredService<IOptions<StreamsOptions>>().Value.Log, History(provider), provider.GetRequiredService<HistoryHealth>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(new DurableService<IEventLog>(provider => History(provider).Enabled
            ? new SqlEventLog(
                provider.GetRequiredService<SqlLogStore>(),
                provider.GetRequiredService<SqlLogQueue>(),
                provider.GetRequiredService<HistoryHealth>(),
                provider.GetRequiredService<TimeProvider>())
            : null));
        services.AddHostedService(provider => new SqlLogWriter(
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<SqlLogStore>(),
            provider.GetRequiredService<SqlLogQueue>(),
            History(provider),
            provider.GetRequiredService<HistoryHealth>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService(provider => new HistoryWriter(
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<EventTail>(),
            HistoryDatabase(provider),
            History(provider),
            provider.GetRequiredService<HistoryHealth>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HistoryWriter>>()));
        services.AddHostedService(provider =>
        {
            // Nobody else asks for it, and it is to be there from the start.
            provider.GetRequiredService<HistoryMetrics>();
            return new HistoryRetention(
                HistoryDatabase(provider), History(provider), provider.GetRequiredService<HistoryHealth>(), provider.GetRequiredService<TimeProvider>());
        });
        services.AddHealthChecks().AddCheck<HistoryHealth>(HistoryHealth.Name);
        return streams;
    }

    /// <summary>Registers <see cref="IEventOutbox"/>, and publishes what transactions have added with it.</summary>
    /// <param name="streams">The engine.</param>
    /// <param name="connectionName">
    /// The key of a registered <see cref="DbDataSource"/>, as Aspire's client integrations name it; where there is none with that key,
    /// the one without a key is used.
    /// </param>
    /// <param name="configure">Sets options in code, after the configuration (section <c>Streams:Outbox</c>).</param>
    /// <returns>The same builder.</returns>
    public static EventStreamsBuilder AddOutbox(
        this EventStreamsBuilder streams, string connectionName = "appdb", Action<OutboxOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        return streams.AddOutbox(provider => Find(provider, connectionName), configure);
    }

    /// <summary>Registers <see cref="IEventOutbox"/> for a database of the application's own choice.</summary>
    /// <param name="streams">The engine.</param>
    /// <param name="source">Gives the data source, which stays the application's.</param>
    /// <param name="configure">Sets options in code, after the configuration (section <c>Streams:Outbox</c>).</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="NotSupportedException">At the start: the data source is none of Npgsql, MySqlConnector and Microsoft.Data.Sqlite.</exception>
    public static EventStreamsBuilder AddOutbox(
        this EventStreamsBuilder streams, Func<IServiceProvider, DbDataSource> source, Action<OutboxOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(source);
        var services = streams.Services;
        var options = services.AddOptions<OutboxOptions>().BindConfiguration(OutboxOptions.Section).ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        if (services.Any(service => service.ServiceType == typeof(OutboxHealth)))
            return streams;
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OutboxOptions>, OutboxOptionsValidator>());
        services.TryAddKeyedSingleton(OutboxHealth.Name, (provider, _) => EventDatabase.Of(source(provider)));
        services.TryAddSingleton<OutboxSignal>();
        services.TryAddSingleton(provider => new OutboxStore(OutboxDatabase(provider), provider.GetRequiredService<OutboxSignal>()));
        services.TryAddSingleton(provider => new OutboxHealth(
            provider.GetRequiredService<OutboxStore>(), provider.GetRequiredService<IOptions<OutboxOptions>>().Value, provider.GetRequiredService<ILogger<OutboxHealth>>()));
        services.TryAddSingleton<IEventOutbox>(provider =>
            new SqlEventOutbox(OutboxDatabase(provider), provider.GetRequiredService<EventPublisher>(), provider.GetRequiredService<OutboxSignal>()));
        services.TryAddSingleton<OutboxMetrics>();
        services.AddHostedService(provider =>
        {
            // Nobody else asks for it, and it is to be there from the start.
            provider.GetRequiredService<OutboxMetrics>();
            return new OutboxRelay(
                provider.GetRequiredService<EventPublisher>(),
                provider.GetRequiredService<IEventLog>(),
                OutboxDatabase(provider),
                provider.GetRequiredService<OutboxSignal>(),
                provider.GetRequiredService<IOptions<OutboxOptions>>().Value,
                provider.GetRequiredService<OutboxHealth>(),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<OutboxRelay>>());
        });
        services.AddHealthChecks().AddCheck<OutboxHealth>(OutboxHealth.Name);
        return streams;
    }

    private static DbDataSource Find(IServiceProvider provider, string name) =>
        provider.GetKeyedService<DbDataSource>(name) ?? provider.GetService<DbDataSource>() ?? throw new InvalidOperationException(
            $"No DbDataSource is registered under the key '{name}' or without one. Register the database's, such as with AddNpgsqlDataSource.");

    private static EventDatabase HistoryDatabase(IServiceProvider provider) => provider.GetRequiredKeyedService<EventDatabase>(HistoryHealth.Name);

    private static EventDatabase OutboxDatabase(IServiceProvider provider) => provider.GetRequiredKeyedService<EventDatabase>(OutboxHealth.Name);

    private static HistoryOptions History(IServiceProvider provider) => provider.GetRequiredService<IOptions<HistoryOptions>>().Value;
}

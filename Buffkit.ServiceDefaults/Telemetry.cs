using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Instrumentation.AspNetCore;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Buffkit.ServiceDefaults;

/// <summary>OpenTelemetry traces, metrics and logs.</summary>
public static class Telemetry
{
    /// <summary>
    /// Exports what the named <see cref="System.Diagnostics.ActivitySource"/>s and <see cref="Meter"/>s record.
    /// </summary>
    /// <remarks>
    /// A library calls its source and its meter by the same name, so one list serves both. May be called before or
    /// after <see cref="ServiceDefaults.AddServiceDefaults{TBuilder}"/>, and as often as there are libraries.
    /// <c>*</c> matches any run of characters. Counters and gauges of a meter that is named in full have at most
    /// 100 combinations of tags; what is more counts as one.
    /// </remarks>
    /// <returns>The same builder.</returns>
    public static TBuilder AddTelemetrySources<TBuilder>(this TBuilder builder, params string[] names)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource(names));
        builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter(names));
        BoundTags(builder, names);
        return builder;
    }

    // One view for all of them: two that match an instrument would count it twice. Histograms are left to views of an application's own.
    private static void BoundTags(IHostApplicationBuilder builder, string[] names)
    {
        if (!builder.Properties.TryGetValue(typeof(Telemetry), out var known))
        {
            var meters = new HashSet<string>(StringComparer.Ordinal);
            builder.Properties[typeof(Telemetry)] = known = meters;
            builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddView(instrument =>
                meters.Contains(instrument.Meter.Name) && instrument.GetType().GetGenericTypeDefinition() != typeof(Histogram<>)
                    ? new MetricStreamConfiguration { CardinalityLimit = MostTags }
                    : null));
        }

        ((HashSet<string>)known).UnionWith(names);
    }

    internal static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter())
            .WithTracing(tracing => tracing
                .AddSource(builder.Environment.ApplicationName)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation());

        // Whoever chooses a sampler by OpenTelemetry's own variable gets that one.
        if (string.IsNullOrWhiteSpace(builder.Configuration[SamplerKey]))
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.SetSampler(new ParentBasedSampler(new RootSpans())));
        }

        // A scrape every few seconds would bury the traces that someone looks for.
        builder.Services.Configure<AspNetCoreTraceInstrumentationOptions>(options =>
            options.Filter = context => !TelemetryPaths.IsProbe(context.Request.Path));

        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, LongLivedRequests>());

        if (!string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpointKey]))
        {
            telemetry.UseOtlpExporter();
        }
    }

    // Combinations of tags for which an instrument sets memory aside at its start, 140 KB of it by default. Libraries' tags have few values.
    private const int MostTags = 100;

    /// <summary>The variable that OpenTelemetry's specification names for the collector's address.</summary>
    private const string OtlpEndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string SamplerKey = "OTEL_TRACES_SAMPLER";
}

/// <summary>
/// Begins no trace with a call to another system. A background loop asks a server many times a second and a probe asks the
/// database; each of these calls would be a trace of its own and bury those that someone looks for.
/// </summary>
/// <remarks>Calls that belong to a request, or to any other span, are kept as their parent is.</remarks>
internal sealed class RootSpans : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        new(samplingParameters.Kind is ActivityKind.Client ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
}

/// <summary>The paths that machines poll, kept out of traces and request metrics.</summary>
internal static class TelemetryPaths
{
    public const string Health = "/health";
    public const string Alive = "/alive";
    public const string Metrics = "/metrics";

    public static bool IsProbe(PathString path) =>
        path.StartsWithSegments(Health) || path.StartsWithSegments(Alive) || path.StartsWithSegments(Metrics);
}

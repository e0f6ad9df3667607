using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.RateLimiting;
using Buffkit.Streams;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace Buffkit.Api;

/// <summary>
/// Limits of the application's own endpoints, by the framework's rate limiter: per user, and per address for whoever is not known, so
/// that strangers never use up what is a user's. An endpoint of yours takes one with <c>RequireRateLimiting</c>.
/// </summary>
internal static class RequestLimits
{
    /// <summary>The policy of endpoints that read.</summary>
    public const string Reads = "reads";

    /// <summary>The policy of endpoints that change something.</summary>
    public const string Writes = "writes";

    public static void AddRequestLimits(this IServiceCollection services)
    {
        services.AddOptions<RequestLimitsOptions>().BindConfiguration(RequestLimitsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<RequestLimitsOptions>>((limiter, configured) =>
        {
            var limits = configured.Value;
            limiter.AddPolicy(Reads, new PerCaller(
                new(nameof(limits.ReadsPerMinute), limits.ReadsPerMinute), new(nameof(limits.ReadsPerMinutePerAddress), limits.ReadsPerMinutePerAddress)));
            limiter.AddPolicy(Writes, new PerCaller(
                new(nameof(limits.WritesPerMinute), limits.WritesPerMinute), new(nameof(limits.WritesPerMinutePerAddress), limits.WritesPerMinutePerAddress)));
        });
    }

    internal sealed record PerMinute(string Setting, int Calls);

    /// <summary>A token bucket for each caller; the framework drops one that is full again and was left alone.</summary>
    internal sealed class PerCaller(PerMinute ofUser, PerMinute ofAddress) : IRateLimiterPolicy<(bool IsUser, string Caller)>
    {
        // A bucket fills up a little at a time: a caller that waits gets its next turn soon.
        private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);

        public Func<OnRejectedContext, CancellationToken, ValueTask>? OnRejected => RejectAsync;

        public RateLimitPartition<(bool IsUser, string Caller)> GetPartition(HttpContext httpContext)
        {
            var user = httpContext.User.Id();
            var limit = user is null ? ofAddress : ofUser;
            // One for all: the framework never drops a partition without a limit, so one for each caller would stay for ever.
            if (limit.Calls == 0)
                return RateLimitPartition.GetNoLimiter((user is not null, ""));
            var key = (user is not null, user ?? ClientNetwork.Of(httpContext.Connection.RemoteIpAddress));
            return RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(limit.Calls));
        }

        internal static TokenBucketRateLimiterOptions Bucket(int calls)
        {
            // Whole tokens first, then the time that they take: a fixed period would round 900 a minute down to 600.
            var tokens = (int)Math.Ceiling(calls * (ShortestPeriod / TimeSpan.FromMinutes(1)));
            return new TokenBucketRateLimiterOptions
            {
                TokenLimit = calls,
                ReplenishmentPeriod = TimeSpan.FromMinutes(1) * tokens / calls,
                TokensPerPeriod = tokens,
            };
        }

        private async ValueTask RejectAsync(OnRejectedContext context, CancellationToken cancellationToken)
        {
            var http = context.HttpContext;
            var limit = http.User.Id() is null ? ofAddress : ofUser;
            var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
            http.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            await TypedResults.Problem(
                string.Create(CultureInfo.InvariantCulture, $"More than {limit.Calls} calls a minute ({RequestLimitsOptions.Section}:{limit.Setting})."),
                statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(http);
        }
    }
}

/// <summary>
/// What one caller may ask of the application's own endpoints: section <c>RequestLimits</c>. Zero means no limit; a burst of a minute's
/// calls is free. Streams have limits of their own.
/// </summary>
public sealed class RequestLimitsOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "RequestLimits";

    /// <summary>3,000 a minute: a page that asks fifty times a second is broken.</summary>
    public const int DefaultReadsPerMinute = 3_000;

    /// <summary>600 a minute: ten a second, far more than a person's.</summary>
    public const int DefaultWritesPerMinute = 600;

    /// <summary>30,000 a minute: ten busy pages, or an office of quiet ones, behind one address.</summary>
    public const int DefaultReadsPerMinutePerAddress = 30_000;

    /// <summary>6,000 a minute, likewise.</summary>
    public const int DefaultWritesPerMinutePerAddress = 6_000;

    /// <summary>Calls of one user that read, in a minute, on one server.</summary>
    /// <value>Default 3,000.</value>
    [Range(0, 10_000_000)]
    public int ReadsPerMinute { get; set; } = DefaultReadsPerMinute;

    /// <summary>Calls of one user that write, in a minute, on one server.</summary>
    /// <value>Default 600.</value>
    [Range(0, 10_000_000)]
    public int WritesPerMinute { get; set; } = DefaultWritesPerMinute;

    /// <summary>Calls that read of all who are not known, from one address (64 bits of IPv6), in a minute, on one server.</summary>
    /// <value>Default 30,000.</value>
    [Range(0, 10_000_000)]
    public int ReadsPerMinutePerAddress { get; set; } = DefaultReadsPerMinutePerAddress;

    /// <summary>Calls that write of all who are not known, from one address (64 bits of IPv6), in a minute, on one server.</summary>
    /// <value>Default 6,000.</value>
    [Range(0, 10_000_000)]
    public int WritesPerMinutePerAddress { get; set; } = DefaultWritesPerMinutePerAddress;
}

using System.Net.Http.Headers;

namespace Buffkit.Client;

internal static class RetryAfter
{
    /// <summary>Reads <c>Retry-After</c> (RFC 9110, section 10.2.3).</summary>
    /// <param name="value">The header.</param>
    /// <param name="date">The answer's <c>Date</c>: a moment is one of the server's clock, which may differ from ours by hours.</param>
    /// <param name="now">Our clock, for an answer without a date.</param>
    public static TimeSpan? Read(RetryConditionHeaderValue? value, DateTimeOffset? date, DateTimeOffset now)
    {
        var wait = value?.Delta ?? (value?.Date is { } moment ? moment - (date ?? now) : null);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}

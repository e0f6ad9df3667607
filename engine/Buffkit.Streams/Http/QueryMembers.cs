using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Buffkit.Streams;

/// <summary>
/// Checks a query before it is read: a member that nobody reads would be ignored in silence.
/// </summary>
internal static class QueryMembers
{
    /// <summary>Says which member cannot be taken as it was meant, or nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="known">The members that are read.</param>
    public static IResult? Check(HttpRequest request, params ReadOnlySpan<string> known)
    {
        foreach (var member in new QueryStringEnumerable(request.QueryString.Value))
        {
            var name = member.DecodeName().ToString();
            if (!Contains(known, name))
                return EventStreamProblems.Invalid(Shown(name), $"This is not known here. Known are {string.Join(", ", known!)}.");
            if (!PercentEncoding.IsUtf8(member.EncodedValue.Span))
                return EventStreamProblems.Invalid(name, "The value is not percent-encoded UTF-8 (RFC 3986, section 2.1); '%' itself is written %25.");
        }

        return null;
    }

    private static bool Contains(ReadOnlySpan<string> known, string name)
    {
        foreach (var one in known)
        {
            // As the framework compares them when it reads them.
            if (one.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    // The answer is for a person to read, and names what came, not all of it.
    private static string Shown(string name)
    {
        const int Longest = 64;
        return name.Length > Longest ? name[..Longest] + "…" : name;
    }
}

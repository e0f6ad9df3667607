using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Buffkit.Streams;

/// <summary>Takes the content coding off a publish call's body (RFC 9110, section 8.4): gzip, and no other.</summary>
internal static class PublishContentCoding
{
    private const string Gzip = "gzip";

    /// <summary>Says that a request has another coding, before its body is read; or nothing.</summary>
    public static IResult? Refuse(HttpContext http)
    {
        if (IsPlain(http.Request) || IsGzip(http.Request))
            return null;
        // RFC 9110, section 12.5.3.
        http.Response.Headers.AcceptEncoding = Gzip;
        return EventStreamProblems.Invalid(
            "Content-Encoding", "A body is sent as it is, or compressed once with gzip.", StatusCodes.Status415UnsupportedMediaType);
    }

    /// <summary>Decodes a body, where it is coded.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body as it came.</param>
    /// <param name="limits">What the body may expand to.</param>
    public static (byte[] Body, IResult? Problem) Decode(HttpRequest request, byte[] body, LimitsOptions limits)
    {
        if (!IsGzip(request))
            return (body, null);
        var limit = limits.BodyBytes == 0 ? Array.MaxLength : limits.BodyBytes;
        var decoded = new ArrayBufferWriter<byte>(Math.Clamp(body.Length, 1, limit));
        try
        {
            using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
            int read;
            while ((read = gzip.Read(decoded.GetSpan(1))) > 0)
            {
                decoded.Advance(read);
                if (decoded.WrittenCount > limit)
                    return ([], EventStreamProblems.TooLarge("body", $"The body expands to more than {limit} bytes (Streams:Limits:BodyBytes)."));
            }
        }
        catch (InvalidDataException)
        {
            return ([], NotGzip());
        }

        return IsWhole(body, decoded.WrittenSpan) ? (decoded.WrittenSpan.ToArray(), null) : ([], NotGzip());
    }

    // The stream is content with a body that ends too early. A member ends with checksum and length (RFC 1952, section 2.3.1).
    private static bool IsWhole(ReadOnlySpan<byte> body, ReadOnlySpan<byte> decoded) =>
        body.Length > 8
        && BinaryPrimitives.ReadUInt32LittleEndian(body[^8..]) == Crc32.HashToUInt32(decoded)
        && BinaryPrimitives.ReadUInt32LittleEndian(body[^4..]) == (uint)decoded.Length;

    private static ProblemHttpResult NotGzip() =>
        EventStreamProblems.Invalid("body", "The body is not one whole gzip member, though Content-Encoding says gzip.");

    private static bool IsPlain(HttpRequest request) =>
        request.Headers.ContentEncoding.ToString() is var coding && (coding.Length == 0 || coding.Equals("identity", StringComparison.OrdinalIgnoreCase));

    private static bool IsGzip(HttpRequest request) =>
        request.Headers.ContentEncoding.ToString() is var coding
        && (coding.Equals(Gzip, StringComparison.OrdinalIgnoreCase) || coding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase));
}

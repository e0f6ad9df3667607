using System.Net.ServerSentEvents;
using System.Text.Json;
using Buffkit.Streams;
using CsCheck;
using Microsoft.Extensions.Options;

namespace Buffkit.Tests;

/// <summary>Whatever text is published comes back out of the framework's parser, and only as that.</summary>
public sealed class EncoderFuzzTests
{
    // Line breaks, fields' syntax, quotes, escapes, surrogate pairs and other text in arbitrary mixtures.
    private static readonly Gen<string> GenText = Gen.Frequency(
            (6, AnyOf.These("\r", "\n", "\r\n", ":", " ", "data: x", "id: 1", "event:", "\"", "\\", "\uFEFF", "\u2028", "😀", "\0", "ü")),
            (4, Gen.Char[' ', '~'].Select(c => c.ToString())),
            (1, Gen.Char['\u0001', '\uD7FF'].Select(c => c.ToString())))
        .Array[0, 40].Select(parts => string.Concat(parts));

    private static readonly FrameEncoder Encoder = new(Options.Create(new StreamsOptions()));

    [Fact]
    public void RawSse_AnyText_ComesBackWithLineBreaksAsTheProtocolHasThem()
    {
        GenText.Sample(text =>
        {
            var items = Parse(Draft(text), WireForm.RawSse);
            var item = Assert.Single(items);
            Assert.Equal(text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n'), item.Data);
            Assert.Equal(("t", "abc-1"), (item.EventType, item.EventId));
        }, iter: 20_000);
    }

    [Fact]
    public void CloudEventsSse_AnyText_ComesBackUnchanged()
    {
        GenText.Sample(text =>
        {
            var item = Assert.Single(Parse(Draft(text), WireForm.CloudEventsSse));
            Assert.Equal(text, JsonDocument.Parse(item.Data).RootElement.GetProperty("data").GetString());
        }, iter: 20_000);
    }

    [Fact]
    public void HtmlSse_AnyText_HasNoMarkup()
    {
        GenText.Sample(text =>
        {
            var item = Assert.Single(Parse(Draft(text + "<&>"), WireForm.HtmlSse));
            Assert.DoesNotContain('<', item.Data);
            Assert.Equal(text + "<&>", System.Net.WebUtility.HtmlDecode(item.Data));
        }, iter: 20_000);
    }

    private static EventDraft Draft(string text) => EventDraft.Json(Topic.Parse("a"), "t", text);

    private static List<SseItem<string>> Parse(EventDraft draft, WireForm form)
    {
        Assert.True(EventId.TryParse("abc-1", out var id));
        var entry = new TailEntry(new StreamEvent(id, DateTimeOffset.UnixEpoch, draft));
        var frame = Encoder.Encode(entry, new FrameKind(form, ContentCoding.Identity));
        // Behind another event, since a byte order mark at the very beginning is the parser's own.
        return [.. SseParser.Create(new MemoryStream([.. ":\n\n"u8, .. frame.Bytes.Span])).Enumerate()];
    }
}

using System.Text.Unicode;

namespace Buffkit.Streams;

/// <summary>What an event's payload is, whichever form it is written in.</summary>
internal enum PayloadKind
{
    /// <summary>Compact JSON.</summary>
    Json,

    /// <summary>UTF-8 text.</summary>
    Text,

    /// <summary>HTML that pages may put into their document as it is.</summary>
    Html,

    /// <summary>Anything else.</summary>
    Binary,
}

internal static class PayloadKinds
{
    public static PayloadKind Kind(this StreamEvent e)
    {
        if (e.ContentType is null)
            return PayloadKind.Json;
        if (!MediaType.TryParse(e.ContentType, out var type))
            return PayloadKind.Binary;
        if (type.IsJson)
            return PayloadKind.Json;
        var isText = type.IsText || JoseText.Is(e) || e.Draft.CloudEvent is { HasTextData: true };
        if (!isText || !Utf8.IsValid(e.Data.Span))
            return PayloadKind.Binary;
        return type.Is(HtmlFragment.ContentType) ? PayloadKind.Html : PayloadKind.Text;
    }
}

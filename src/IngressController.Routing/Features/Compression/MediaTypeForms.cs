using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Compression;

/// <summary>The syntax of lists of media types.</summary>
internal static class MediaTypeForms
{
    /// <summary>A list of an Ingress, separated by commas or blanks.</summary>
    public static ValueForm<MediaTypeSet> Types { get; } = new("media types such as application/json, text/* or *, separated by commas or blanks", text => Read(text))
    {
        AllowsLines = true,
    };

    /// <summary>The same as in nginx, which always compresses text/html.</summary>
    public static ValueForm<MediaTypeSet> TypesBesideHtml { get; } = new(Types.Description, text => Read($"{CompressionSettings.Html} {text}")) { AllowsLines = true };

    private static Parsed<MediaTypeSet> Read(string text)
    {
        string[] types = [.. text.ToLowerInvariant().Split([',', ' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];
        if (types.Length == 0)
            return ValueForm<MediaTypeSet>.Refuse("contains no media type");
        return types.FirstOrDefault(type => !IsMediaType(type)) is { } bad
            ? ValueForm<MediaTypeSet>.Refuse($"contains \"{DiagnosticText.Shorten(bad)}\", which is not a media type")
            : new MediaTypeSet([.. types]);
    }

    private static bool IsMediaType(string text) =>
        text == "*" || (text.Split('/') is [var type, var subtype] && HttpToken.IsToken(type) && type != "*" && (subtype == "*" || HttpToken.IsToken(subtype)) && !subtype.Contains(';'));
}

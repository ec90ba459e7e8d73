using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Compression;

/// <summary>Compresses responses on their way to the client.</summary>
public static class CompressionFeature
{
    private static ValueForm<Codings> CodingsForm { get; } = ValueForms.List.Select(ReadCodings, "off, or gzip and br, separated by commas");

    public static AnnotationKey<Codings> Compression { get; } = new()
    {
        Name = "compression",
        Form = CodingsForm,
        Default = "the settings use-gzip (false) and enable-brotli (false)",
        Documentation = "The codings with which responses are compressed for clients that accept them (Accept-Encoding); br is preferred if a client accepts both alike. "
            + "Compressed are responses of compression-types and at least compression-min-length that have no Content-Encoding, Content-Range, digest or Cache-Control: no-transform, "
            + "for requests without Range. They get Vary: Accept-Encoding, and a strong ETag becomes a weak one. What the backend "
            + "sends is compressed and sent on at once. Compression can reveal secrets in https responses that also contain what a client sent: see the security page.",
    };

    public static AnnotationKey<MediaTypeSet> Types { get; } = new()
    {
        Name = "compression-types",
        Form = MediaTypeForms.Types,
        Default = "text/html and the settings gzip-types and brotli-types",
        Documentation = "The media types that are compressed, such as application/json, text/* or *. text/event-stream is compressed only if it is named, each event by itself.",
    };

    public static AnnotationKey<long> MinLength { get; } = new()
    {
        Name = "compression-min-length",
        Form = ValueForms.Size,
        Default = "the settings gzip-min-length (256) and brotli-min-length (20)",
        Documentation = "Responses of fewer bytes are not compressed, if their length is known. It does not apply to clients that accept no uncompressed response (identity;q=0).",
    };

    public static RouteFeature Feature { get; } = new("Compression", [Compression, Types, MinLength], Read) { Settings = CompressionSettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var (annotations, settings) = (context.Annotations, context.Settings.Get<CompressionSettings>());
        var codings = annotations.Read(Compression, (settings.UseGzip ? Codings.Gzip : Codings.None) | (settings.EnableBrotli ? Codings.Brotli : Codings.None));
        MediaTypeSet? types = annotations.TryRead(Types, out var named) ? named : null;
        long? length = annotations.TryRead(MinLength, out var min) ? min : null;
        if (codings == Codings.None)
        {
            foreach (var key in ((AnnotationKey[])[Types, MinLength]).Where(annotations.IsSet))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "compression is off or not set"));
            return [];
        }

        return
        [
            new CompressionPolicy(
                codings.HasFlag(Codings.Gzip) ? new CodingPolicy(settings.GzipLevel, length ?? settings.GzipMinLength, types ?? settings.GzipTypes) : null,
                codings.HasFlag(Codings.Brotli) ? new CodingPolicy(settings.BrotliLevel, length ?? settings.BrotliMinLength, types ?? settings.BrotliTypes) : null),
        ];
    }

    private static Parsed<Codings> ReadCodings(EquatableArray<string> words)
    {
        var codings = Codings.None;
        foreach (var word in words)
        {
            switch (word.ToLowerInvariant())
            {
                case "off" when words.Count == 1:
                    return Codings.None;
                case "gzip":
                    codings |= Codings.Gzip;
                    break;
                case "br" or "brotli":
                    codings |= Codings.Brotli;
                    break;
                case "zstd":
                    return ValueForm<Codings>.Refuse("contains zstd, which .NET 10 does not have; use gzip and br");
                default:
                    return ValueForm<Codings>.Refuse($"contains \"{DiagnosticText.Shorten(word)}\"; use gzip, br or both, or off alone");
            }
        }

        return codings != Codings.None ? codings : ValueForm<Codings>.Refuse("contains no coding; use gzip, br or both, or off alone");
    }
}

/// <summary>A set of content codings.</summary>
[Flags]
public enum Codings
{
    None = 0,
    Gzip = 1,
    Brotli = 2,
}

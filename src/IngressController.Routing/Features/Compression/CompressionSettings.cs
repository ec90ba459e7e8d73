using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Compression;

/// <summary>The compression of responses of Ingresses without annotations for it.</summary>
public sealed record CompressionSettings : FeatureSettings
{
    internal const string Html = "text/html";

    /// <summary>Those of ingress-nginx.</summary>
    private const string DefaultTypes = "application/atom+xml application/javascript application/x-javascript application/json application/rss+xml "
        + "application/vnd.ms-fontobject application/x-font-ttf application/x-web-app-manifest+json application/xhtml+xml application/xml font/opentype "
        + "image/svg+xml image/x-icon text/css text/javascript text/plain text/x-component";

    private static readonly MediaTypeSet Default = new([Html, .. DefaultTypes.Split(' ')]);

    public bool UseGzip { get; init; }

    public int GzipLevel { get; init; } = 1;

    public long GzipMinLength { get; init; } = 256;

    public MediaTypeSet GzipTypes { get; init; } = Default;

    public bool EnableBrotli { get; init; }

    public int BrotliLevel { get; init; } = 4;

    public long BrotliMinLength { get; init; } = 20;

    public MediaTypeSet BrotliTypes { get; init; } = Default;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("use-gzip", ValueForms.Boolean, "false", "Compresses responses with gzip, for Ingresses without compression.",
            (CompressionSettings settings, bool value) => settings with { UseGzip = value }),
        SettingKey.Of("gzip-level", ValueForms.Integer(1, 9), "1", "The level of gzip: 1 is the fastest, 9 the smallest.",
            (CompressionSettings settings, int value) => settings with { GzipLevel = value }),
        SettingKey.Of("gzip-min-length", ValueForms.Size, "256", "Responses of fewer bytes are not compressed with gzip, if their length is known.",
            (CompressionSettings settings, long value) => settings with { GzipMinLength = value }),
        SettingKey.Of("gzip-types", MediaTypeForms.TypesBesideHtml, DefaultTypes, "The media types that are compressed with gzip, besides text/html; * means any.",
            (CompressionSettings settings, MediaTypeSet value) => settings with { GzipTypes = value }),
        SettingKey.Of("enable-brotli", ValueForms.Boolean, "false", "Compresses responses with br, for Ingresses without compression.",
            (CompressionSettings settings, bool value) => settings with { EnableBrotli = value }),
        SettingKey.Of("brotli-level", ValueForms.Integer(0, 11), "4", "The level of br: 0 is the fastest, 11 the smallest.",
            (CompressionSettings settings, int value) => settings with { BrotliLevel = value }),
        SettingKey.Of("brotli-min-length", ValueForms.Size, "20", "Responses of fewer bytes are not compressed with br, if their length is known.",
            (CompressionSettings settings, long value) => settings with { BrotliMinLength = value }),
        SettingKey.Of("brotli-types", MediaTypeForms.TypesBesideHtml, DefaultTypes, "The media types that are compressed with br, besides text/html; * means any.",
            (CompressionSettings settings, MediaTypeSet value) => settings with { BrotliTypes = value }),
    ];
}

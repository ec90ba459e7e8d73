using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using IngressController.Status;

namespace IngressController.Cli;

/// <summary>Parses the values of options. Each method throws <see cref="FormatException"/> with the problem of an invalid value.</summary>
internal static partial class OptionValues
{
    /// <summary>Formats a value as it is parsed; null when there is none.</summary>
    public static string? Text(object? value) => value switch
    {
        null or IReadOnlyCollection<string> { Count: 0 } => null,
        IEnumerable<string> list => string.Join(", ", list),
        bool flag => flag ? "true" : "false",
        TimeSpan time => time.TotalSeconds.ToString(CultureInfo.InvariantCulture),
        LogLevel level => level.ToString().ToLowerInvariant(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    public static string ExistingFolder(string value) =>
        Directory.Exists(value) ? value : throw new FormatException($"no folder \"{value}\" exists");

    public static int Port(string value) =>
        ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? port
            : throw new FormatException($"\"{value}\" is not a port; use a number from 0 to 65535");

    /// <summary>Parses a path that requests have after normalization.</summary>
    public static string UrlPath(string value) =>
        value.Length > 1 && RequestPath.Normalize(value) is { Problem: PathProblem.None } path && path.Match.SequenceEqual(value) && !value.AsSpan().ContainsAny('?', '#')
            ? value
            : throw new FormatException($"\"{value}\" is not a path; use one such as /healthz");

    public static int Between(string value, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new FormatException($"\"{value}\" is not a number from {min} to {max}");

    /// <summary>Parses a number of bytes of the whole process.</summary>
    public static long Bytes(string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes is >= 1 << 16 and <= 1L << 40
            ? bytes
            : throw new FormatException($"\"{value}\" is not a number of bytes from {1 << 16} to {1L << 40}");

    public static IPAddress Address(string value) =>
        IPAddress.TryParse(value, out var address) ? address : throw new FormatException($"\"{value}\" is not an IP address");

    public static bool Bool(string value) =>
        bool.TryParse(value, out var result) ? result : throw new FormatException($"\"{value}\" is neither true nor false");

    public static string Prefix(string value) =>
        value.Length <= 253 && PrefixPattern().IsMatch(value)
            ? value
            : throw new FormatException($"\"{value}\" is not an annotation prefix; use a DNS name in lower case without a slash, such as nginx.ingress.kubernetes.io");

    public static LogLevel Level(string value) => value switch
    {
        "debug" => LogLevel.Debug,
        "information" => LogLevel.Information,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => throw new FormatException($"\"{value}\" is not one of debug, information, warning, error"),
    };

    /// <summary>Matches RFC 1123 labels of at most 63 characters, which API servers require for the prefix of an annotation.</summary>
    [GeneratedRegex(@"^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PrefixPattern();

    public static ResourceName Name(string value) =>
        ResourceName.TryParse(value, out var name) ? name : throw new FormatException($"\"{value}\" is not of the form NAMESPACE/NAME");

    public static string ObjectName(string value) =>
        value.Length <= 253 && PrefixPattern().IsMatch(value) ? value : throw new FormatException($"\"{value}\" is not the name of an object; use a DNS name in lower case");

    /// <summary>Parses an IP address or a host name. API servers reject a status with other text.</summary>
    public static string StatusAddress(string value) =>
        PublishedAddress.Parse(value)?.Ip is { } address ? address
        : value.Length <= 253 && PrefixPattern().IsMatch(value) ? value
        : throw new FormatException($"\"{value}\" is neither an IP address nor a host name in lower case");

    public static TimeSpan SecondsOrNone(string value) => value == "0" ? TimeSpan.Zero : Seconds(value);

    public static TimeSpan Seconds(string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"\"{value}\" is not a number of seconds between 0 and 86400");
}

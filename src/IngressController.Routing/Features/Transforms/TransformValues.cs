namespace IngressController.Routing.Features.Transforms;

/// <summary>The checks of values of transforms. Each returns a clause that follows the name; null when there is no problem.</summary>
internal static class TransformValues
{
    private static readonly string[] CatchAllForms = ["{**catch-all}", "{*catch-all}", "{catch-all}"];

    /// <summary>Headers that frame a message or belong to one connection: changing them would allow request smuggling.</summary>
    private static readonly string[] HopByHop =
    [
        "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Proxy-Authenticate",
        "Proxy-Authorization",
    ];

    public static string? Any(string value) => null;

    public static string? Boolean(string value) => bool.TryParse(value, out _) ? null : "is neither true nor false";

    public static string? Method(string value) => HttpToken.IsToken(value) ? null : "is not a method";

    public static string? QueryName(string value) => value.Length > 0 ? null : "has no parameter name";

    public static string? Path(string value) => value.Length == 0 ? "is empty"
        : value.Contains("..", StringComparison.Ordinal) || value.Contains('\\') ? "contains .. or a backslash"
        : null;

    /// <summary>Literal text, optionally with <c>{**catch-all}</c> at its end: a route has no other value for a template.</summary>
    public static string? Pattern(string value)
    {
        if (Path(value) is { } problem)
            return problem;
        var end = CatchAllForms.FirstOrDefault(form => value == form || value.EndsWith($"/{form}", StringComparison.Ordinal)) ?? "";
        var literal = value[..^end.Length];
        return literal.AsSpan().ContainsAny("{}*?~") ? "may contain {**catch-all} at its end, but no other parameter and none of { } * ? ~"
            : literal.Contains("//", StringComparison.Ordinal) ? "has two slashes in a row"
            : null;
    }

    public static string? RouteValue(string value) => value == TransformsFeature.CatchAll ? null : $"is not a path parameter; the only one is {TransformsFeature.CatchAll}";

    /// <summary>Visible ASCII, which every program reads as one line of text.</summary>
    public static string? HeaderText(string value) => value.All(c => c is >= ' ' and <= '~') ? null : "must be printable ASCII";

    public static string? RequestHeaderName(string value) => HeaderName(value)
        ?? (value.Equals("CDN-Loop", StringComparison.OrdinalIgnoreCase) ? "cannot be CDN-Loop, which prevents forwarding loops" : null);

    public static string? ResponseHeaderName(string value) => HeaderName(value);

    /// <summary>Names separated by semicolons.</summary>
    public static string? HeaderNames(string value)
    {
        foreach (var name in value.Split(';'))
        {
            if (!HttpToken.IsToken(name))
                return "is not a list of header names separated by semicolons";
            if (HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase))
                return $"cannot contain {name}, which belongs to the connection";
        }

        return null;
    }

    public static string? HeaderPrefix(string value) => HttpToken.IsToken(value) ? null : "is not a header name prefix";

    public static Func<string, string?> OneOf(params string[] words) => value =>
        words.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"is not one of {string.Join(", ", words)}";

    public static Func<string, string?> ListOf(params string[] words) => value =>
        value.Split(',').All(item => words.Contains(item.Trim(), StringComparer.OrdinalIgnoreCase)) ? null : $"may contain only {string.Join(", ", words)}";

    private static string? HeaderName(string value) => !HttpToken.IsToken(value) ? "is not a header name"
        : HopByHop.Contains(value, StringComparer.OrdinalIgnoreCase) || value.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
            ? $"cannot be {value}, which belongs to the connection or the message framing"
        : null;
}

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

    public static string? Method(string value) => HttpToken.IsToken(value) ? null : "is no method";

    public static string? QueryName(string value) => value.Length > 0 ? null : "names no parameter";

    public static string? Path(string value) => value.Length == 0 ? "is no path"
        : value.Contains("..", StringComparison.Ordinal) || value.Contains('\\') ? "holds .. or a backslash, which would lead elsewhere"
        : null;

    /// <summary>Literal text, optionally with <c>{**catch-all}</c> at its end: a route has no other value for a template.</summary>
    public static string? Pattern(string value)
    {
        if (Path(value) is { } problem)
            return problem;
        var end = CatchAllForms.FirstOrDefault(form => value == form || value.EndsWith($"/{form}", StringComparison.Ordinal)) ?? "";
        var literal = value[..^end.Length];
        return literal.AsSpan().ContainsAny("{}*?~") ? "may have no parameter but {**catch-all} at its end, and none of { } * ? ~"
            : literal.Contains("//", StringComparison.Ordinal) ? "has two slashes in a row"
            : null;
    }

    public static string? RouteValue(string value) => value == TransformsFeature.CatchAll ? null : $"is no parameter of a path; the only one is {TransformsFeature.CatchAll}";

    /// <summary>Visible ASCII, which every program reads as one line of text.</summary>
    public static string? HeaderText(string value) => value.All(c => c is >= ' ' and <= '~') ? null : "may hold visible ASCII only";

    public static string? RequestHeaderName(string value) => HeaderName(value)
        ?? (value.Equals("CDN-Loop", StringComparison.OrdinalIgnoreCase) ? "cannot be CDN-Loop, which ends loops between proxies" : null);

    public static string? ResponseHeaderName(string value) => HeaderName(value);

    /// <summary>Names separated by semicolons.</summary>
    public static string? HeaderNames(string value)
    {
        foreach (var name in value.Split(';'))
        {
            if (!HttpToken.IsToken(name))
                return "is no list of names of headers, separated by semicolons";
            if (HopByHop.Contains(name, StringComparer.OrdinalIgnoreCase))
                return $"cannot name {name}, which belongs to one connection";
        }

        return null;
    }

    public static string? HeaderPrefix(string value) => HttpToken.IsToken(value) ? null : "is no beginning of a header's name";

    public static Func<string, string?> OneOf(params string[] words) => value =>
        words.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"is none of {string.Join(", ", words)}";

    public static Func<string, string?> ListOf(params string[] words) => value =>
        value.Split(',').All(item => words.Contains(item.Trim(), StringComparer.OrdinalIgnoreCase)) ? null : $"may name only {string.Join(", ", words)}";

    private static string? HeaderName(string value) => !HttpToken.IsToken(value) ? "is no name of a header"
        : HopByHop.Contains(value, StringComparer.OrdinalIgnoreCase) || value.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
            ? $"cannot be {value}, which frames the message"
        : null;
}

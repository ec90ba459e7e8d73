namespace IngressController.Routing.Features.Transforms;

/// <summary>What may stand in a transform. Each says what is wrong, as a clause that goes on after the name; null when nothing is.</summary>
internal static class TransformValues
{
    private static readonly string[] CatchAllForms = ["{**catch-all}", "{*catch-all}", "{catch-all}"];

    /// <summary>What delimits a message or belongs to one connection: changing it would let one request be read as two.</summary>
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

    /// <summary>Literal text with <c>{**catch-all}</c> at its end, if anywhere: the rest of a route template has nothing to be filled from.</summary>
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

    /// <summary>What is sent as it is must be what every program reads as one line of text.</summary>
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

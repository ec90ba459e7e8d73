using System.Net;
using System.Text.RegularExpressions;

namespace IngressController.Kubernetes.Validation;

/// <summary>
/// The forms of names in the API (k8s.io/apimachinery, pkg/util/validation). Each check returns null if the text is valid, or what is wrong
/// and what to write.
/// </summary>
internal static partial class ApiNames
{
    private const int MaxLabel = 63;
    private const int MaxSubdomain = 253;
    private const int MaxShown = 100;

    private const string LabelForm = "use a-z, 0-9 and hyphens, with a letter or digit at both ends";

    /// <summary>A DNS name such as a host, or the name of most objects.</summary>
    public static string? Subdomain(string text) => text.Length > MaxSubdomain
        ? $"{Quote(text)} is longer than {MaxSubdomain} characters"
        : Dns(text, Subdomains(), "is not a DNS name: use labels of a-z, 0-9 and inner hyphens, joined by single dots");

    /// <summary>A DNS name with the whole first label as a wildcard.</summary>
    public static string? WildcardSubdomain(string text)
    {
        if (text.Length > MaxSubdomain)
            return $"{Quote(text)} is longer than {MaxSubdomain} characters";
        return text.StartsWith("*.", StringComparison.Ordinal) && !text[2..].Contains('*', StringComparison.Ordinal)
            ? Dns(text, WildcardSubdomains(), "is not a wildcard of a DNS name: write *. and a DNS name")
            : $"{Quote(text)} may contain a wildcard only as its whole first label, such as *.example.com";
    }

    /// <summary>One label of a DNS name, such as a namespace.</summary>
    public static string? Label(string text) =>
        text.Length > MaxLabel ? $"{Quote(text)} is longer than {MaxLabel} characters" : Dns(text, Labels(), $"is not a DNS label: {LabelForm}");

    /// <summary>The name of a port in a Pod, to which a Service or an Ingress refers.</summary>
    public static string? PortName(string text) =>
        text.Length is > 0 and <= 15 && PortNames().IsMatch(text) && text.Any(char.IsAsciiLetterLower) && !text.Contains("--", StringComparison.Ordinal)
            ? null
            : $"{Quote(text)} is not the name of a port: use 1 to 15 of a-z, 0-9 and single inner hyphens, with at least one letter";

    /// <summary>The key of a label or an annotation.</summary>
    public static string? QualifiedName(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && Subdomain(text[..slash]) is { } problem)
            return $"{Quote(text)}: the prefix {problem}";
        return text.Length - slash - 1 is > 0 and <= MaxLabel && QualifiedNames().IsMatch(text[(slash + 1)..])
            ? null
            : $"{Quote(text)} is not a key: use an optional DNS name and a slash, then 1 to {MaxLabel} of letters, digits, -, _ and ., with a letter or digit at both ends";
    }

    /// <summary>The value of a label.</summary>
    public static string? LabelValue(string text) => text.Length == 0 || (text.Length <= MaxLabel && QualifiedNames().IsMatch(text))
        ? null
        : $"{Quote(text)} is not a value of a label: use at most {MaxLabel} of letters, digits, -, _ and ., with a letter or digit at both ends";

    /// <summary>A DNS name, a slash and a path, such as the name of a controller.</summary>
    public static string? DomainPrefixedPath(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == text.Length - 1)
            return $"{Quote(text)} must be a DNS name, a slash and a path, such as example.com/controller";
        return Subdomain(text[..slash]) is { } problem ? $"the part before the slash: {problem}"
            : PathCharacters().IsMatch(text[(slash + 1)..]) ? null : $"{Quote(text)} has a character that a path cannot have";
    }

    public static string? PortNumber(int port) => port is >= 1 and <= 65535 ? null : $"{port} is not between 1 and 65535";

    /// <summary>True for an IP address as Go reads it: IPv4 needs four decimal parts, of which none has a leading zero.</summary>
    public static bool TryParseAddress(string? text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text is null || !IPAddress.TryParse(text, out var parsed))
            return false;
        address = parsed;
        return text.Contains(':', StringComparison.Ordinal)
            ? !text.Contains('[', StringComparison.Ordinal) && !text.Contains('%', StringComparison.Ordinal)
            : DottedDecimal().IsMatch(text);
    }

    /// <summary>A value in quotes, cut to a length that a message can carry.</summary>
    public static string Quote(string text) => text.Length <= MaxShown ? $"\"{text}\"" : $"\"{text[..(MaxShown - 3)]}...\"";

    private static string? Dns(string text, Regex form, string otherwise)
    {
        if (form.IsMatch(text))
            return null;
        if (text.Length == 0)
            return "is empty";
        // Only ASCII: the lower case of some other characters is inside it.
        if (text.All(char.IsAscii) && text.ToLowerInvariant() is var lower && form.IsMatch(lower))
            return $"{Quote(text)} must be lower case: write {lower}";
        if (text.EndsWith('.') && form.IsMatch(text[..^1]))
            return $"{Quote(text)} may not end with a dot: write {text[..^1]}";
        if (text.Contains('_', StringComparison.Ordinal) && form.IsMatch(text.Replace('_', '-')))
            return $"{Quote(text)} may not contain an underscore";
        if (text.Contains("://", StringComparison.Ordinal))
            return $"{Quote(text)} is a URL: write the host alone";
        return $"{Quote(text)} {otherwise}";
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex Labels();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Subdomains();

    [GeneratedRegex(@"^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex WildcardSubdomains();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex PortNames();

    [GeneratedRegex(@"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex QualifiedNames();

    [GeneratedRegex(@"^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex PathCharacters();

    [GeneratedRegex(@"^(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}\z", RegexOptions.NonBacktracking)]
    private static partial Regex DottedDecimal();
}

using System.Globalization;
using System.Net;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Reads the URLs of authentication services and sign-in pages.</summary>
internal static class AuthUrlParser
{
    private const string Unsafe = "\"<>\\";

    /// <summary>Variables that a client cannot choose freely: the host, and values of the rule.</summary>
    private static readonly TemplateVariable[] OfTheRule =
    [
        TemplateVariable.Host, TemplateVariable.ServerName, TemplateVariable.Namespace, TemplateVariable.IngressName, TemplateVariable.ServiceName,
    ];

    /// <summary>A browser follows the sign-in page itself, so its host can also have the client's Host header and port.</summary>
    private static readonly TemplateVariable[] OfTheClient = [.. OfTheRule, TemplateVariable.HttpHost, TemplateVariable.ServerPort];

    /// <summary>Reads the URL of an authentication service.</summary>
    public static Parsed<AuthUrl> Read(string text)
    {
        if (!TryReadTemplate(text, out var template, out var problem) || !TrySplit(template, out var scheme, out var rest, out problem))
            return ValueForm<AuthUrl>.Refuse(problem);
        if (text.Contains('#', StringComparison.Ordinal))
            return ValueForm<AuthUrl>.Refuse("has a fragment (#), which is never sent");
        if (!TrySplitAuthority(rest, OfTheRule, out var authority, out var target, out problem) || !TryReadAuthority(authority, out var host, out var port, out problem))
            return ValueForm<AuthUrl>.Refuse(problem);
        return new AuthUrl { Text = template, Scheme = scheme, Host = host, Port = port, Target = new([.. target]) };
    }

    /// <summary>Reads the URL of a sign-in page: absolute, or a path of the requested host.</summary>
    public static Parsed<ValueTemplate> ReadSignIn(string text)
    {
        if (!TryReadTemplate(text, out var template, out var problem))
            return ValueForm<ValueTemplate>.Refuse(problem);
        if (text[0] == '/')
        {
            // Browsers read //host as the host of another site.
            return text.StartsWith("//", StringComparison.Ordinal) || template.Parts[0].Name == "/" && template.Parts.Count > 1
                ? ValueForm<ValueTemplate>.Refuse("can lead to another host; start it with https:// or with a single slash and a name")
                : template;
        }

        return TrySplit(template, out _, out var rest, out problem) && TrySplitAuthority(rest, OfTheClient, out _, out _, out problem)
            ? template
            : ValueForm<ValueTemplate>.Refuse(problem);
    }

    private static bool TryReadTemplate(string text, out ValueTemplate template, out string problem)
    {
        if (!ValueTemplate.TryParse(text, TemplatePlace.Authentication, out template, out problem))
            return false;
        if (text.FirstOrDefault(c => c is <= ' ' or > '~' || Unsafe.Contains(c)) is var wrong && wrong != default)
            problem = $"contains the character U+{(int)wrong:X4}, which must be percent-encoded in a URL";
        return problem.Length == 0;
    }

    private static bool TrySplit(ValueTemplate template, out ValueTemplate scheme, out List<TemplatePart> rest, out string problem)
    {
        const string separator = "://";
        var parts = template.Parts;
        (scheme, rest, problem) = (ValueTemplate.Literal(""), [], "");
        var literal = parts[0].Variable == TemplateVariable.Scheme && parts.Count > 1 ? 1 : 0;
        var text = parts[literal].Variable == TemplateVariable.Literal ? parts[literal].Name : "";
        var end = text.IndexOf(separator, StringComparison.Ordinal);
        var name = end < 0 ? null : text[..end].ToLowerInvariant();
        if (literal == 1 ? name != "" : name is not ("http" or "https"))
        {
            problem = "does not start with http:// or https://";
            return false;
        }

        scheme = literal == 1 ? new([parts[0]]) : ValueTemplate.Literal(name!);
        rest = [.. parts.Skip(literal + 1)];
        if (text.Length > end + separator.Length)
            rest.Insert(0, new(TemplateVariable.Literal, text[(end + separator.Length)..]));
        return true;
    }

    /// <summary>Splits at the first slash, question mark or number sign; $request_uri and $uri begin with a slash.</summary>
    private static bool TrySplitAuthority(
        List<TemplatePart> rest, TemplateVariable[] allowed, out List<TemplatePart> authority, out IEnumerable<TemplatePart> target, out string problem)
    {
        (authority, target, problem) = ([], [], "");
        for (var i = 0; i < rest.Count; i++)
        {
            var part = rest[i];
            var end = part.Variable == TemplateVariable.Literal ? part.Name.AsSpan().IndexOfAny('/', '?', '#') : -1;
            if (end > 0)
                authority.Add(part with { Name = part.Name[..end], Written = null });
            if (end >= 0 || part.Variable is TemplateVariable.RequestUri or TemplateVariable.Uri)
            {
                target = rest.Skip(i + 1).Prepend(end > 0 ? part with { Name = part.Name[end..], Written = null } : part);
                break;
            }

            if (part.Variable != TemplateVariable.Literal && !allowed.Contains(part.Variable))
            {
                problem = $"has the variable {part} in its host, which lets clients choose the host; use $host, $namespace or $service_name there";
                return false;
            }

            authority.Add(part);
        }

        if (authority.Count == 0)
            problem = "has no host";
        else if (authority.Any(part => part.Variable == TemplateVariable.Literal && part.Name.Contains('@')))
            problem = "contains a user name";
        return problem.Length == 0;
    }

    private static bool TryReadAuthority(List<TemplatePart> authority, out ValueTemplate host, out int? port, out string problem)
    {
        (port, problem) = (null, "");
        var last = authority[^1];
        var colon = last.Variable == TemplateVariable.Literal ? last.Name.IndexOf(':', last.Name.LastIndexOf(']') + 1) : -1;
        if (colon >= 0)
        {
            if (!int.TryParse(last.Name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
                problem = "has a port that is not a number from 1 to 65535";
            port = number;
            authority[^1] = last with { Name = last.Name[..colon], Written = null };
        }

        host = new([.. authority.Where(part => part.Variable != TemplateVariable.Literal || part.Name.Length > 0)]);
        if (problem.Length > 0)
            return false;
        var isName = host.IsLiteral
            ? host.Parts.Count == 1 && IsHost(host.Parts[0].Name)
            : host.Parts.All(part => part.Variable != TemplateVariable.Literal || part.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'));
        if (!isName)
            problem = "has a host that is neither a DNS name nor an IP address";
        return isName;
    }

    private static bool IsHost(string host) =>
        host is ['[', .., ']'] ? IPAddress.TryParse(host, out _) && !host.Contains('%')
        // Canonical forms only: programs read other forms (octal, one number) differently.
        : IPAddress.TryParse(host, out var address) ? address.ToString() == host
        : HostName.Normalize(host, out _) is { Length: > 0 } name && name[0] != '*';
}

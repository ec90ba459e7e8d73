namespace IngressController.Routing.Values;

/// <summary>A variable of a template, in nginx's names. Closed: no other variable is ever read.</summary>
public enum TemplateVariable
{
    /// <summary>Literal text, no variable.</summary>
    Literal,

    /// <summary>A group of the path's regular expression, <c>$1</c> to <c>$9</c>; empty if the path has no such group.</summary>
    Capture,

    /// <summary>The Host header in lower case, without port.</summary>
    Host,

    /// <summary>The Host header as the client sent it.</summary>
    HttpHost,

    /// <summary>Path and query as received.</summary>
    RequestUri,

    /// <summary>Path and query, percent-encoded as a query value.</summary>
    EscapedRequestUri,

    /// <summary>The normalized path without query, percent-encoded where needed.</summary>
    Uri,

    Scheme,
    RemoteAddr,

    /// <summary>The user name of basic authentication.</summary>
    RemoteUser,

    /// <summary>A request header.</summary>
    Header,

    Cookie,

    /// <summary>A query parameter, as received.</summary>
    Argument,

    /// <summary>The query without its question mark.</summary>
    Args,

    /// <summary>A question mark if there is a query, else empty.</summary>
    IsArgs,

    RequestMethod,

    /// <summary>The host of the rule.</summary>
    ServerName,

    /// <summary>The port in the Host header, else the default port of the scheme.</summary>
    ServerPort,

    Namespace,
    IngressName,
    ServiceName,
    ServicePort,
    RequestId,
}

/// <summary>A piece of a template.</summary>
/// <param name="Variable">The variable, or Literal.</param>
/// <param name="Name">The text of a literal, the name of a header, cookie or parameter, or the number of a group; else empty.</param>
public readonly record struct TemplatePart(TemplateVariable Variable, string Name)
{
    /// <summary>The variable as it is written, such as <c>${host}</c>; null for literal text and pieces that were not written.</summary>
    public string? Written { get; init; }

    /// <summary>The piece as it is written.</summary>
    public override string ToString() => Written ?? Variable switch
    {
        TemplateVariable.Literal => Name,
        TemplateVariable.Scheme => "$scheme",
        TemplateVariable.HttpHost => "$http_host",
        TemplateVariable.EscapedRequestUri => "$escaped_request_uri",
        _ => $"${{{Variable}}}",
    };
}

/// <summary>
/// A value with variables, such as <c>https://auth.example.com/start?rd=$escaped_request_uri</c>. It is parsed once into typed pieces;
/// values of requests are inserted and never read as templates themselves.
/// </summary>
public sealed record ValueTemplate(EquatableArray<TemplatePart> Parts)
{
    /// <summary>True if the value is the same for every request.</summary>
    public bool IsLiteral => Parts.Count == 0 || (Parts.Count == 1 && Parts[0].Variable == TemplateVariable.Literal);

    /// <summary>The text of a template that <see cref="IsLiteral"/>.</summary>
    public string LiteralText => Parts.Count == 0 ? "" : Parts[0].Name;

    /// <summary>The greatest group of the path that it uses; 0 if it uses none.</summary>
    public int MaxGroup => Parts.Select(part => part.Variable == TemplateVariable.Capture ? part.Name[0] - '0' : 0).DefaultIfEmpty(0).Max();

    public static ValueTemplate Literal(string text) => new([new TemplatePart(TemplateVariable.Literal, text)]);

    /// <summary>Reads a template.</summary>
    /// <param name="text">Text with <c>$name</c> or <c>${name}</c> for variables, and <c>$$</c> for a dollar sign.</param>
    /// <param name="place">The place that it is for.</param>
    /// <param name="template">The template.</param>
    /// <param name="problem">The variable that is unknown or not available, as a clause that follows the quoted value.</param>
    public static bool TryParse(string text, TemplatePlace place, out ValueTemplate template, out string problem)
    {
        var parts = new List<TemplatePart>();
        template = new ValueTemplate([]);
        problem = "";
        var position = 0;
        while (position < text.Length)
        {
            if (ReadLiteral(text, ref position) is { Name.Length: > 0 } literal)
                parts.Add(literal);
            if (position == text.Length)
                break;
            var dollar = position;
            var name = VariableName(text, dollar + 1, out position);
            if (Find(name) is not { } part)
            {
                problem = name.Length == 0 ? "has a $ without a variable name; write $$ for a dollar sign" : $"has the unknown variable ${name}";
                return false;
            }

            part = part with { Written = text[dollar..position] };
            if (place.Problem(part) is { } wrong)
            {
                problem = wrong;
                return false;
            }

            parts.Add(part);
        }

        template = new ValueTemplate([.. parts]);
        return true;
    }

    /// <summary>The template as it is written.</summary>
    public override string ToString() => string.Concat(Parts);

    /// <summary>Reads up to the next variable.</summary>
    private static TemplatePart ReadLiteral(string text, ref int position)
    {
        var start = position;
        for (; position < text.Length; position++)
        {
            if (text[position] != '$')
                continue;
            if (position + 1 == text.Length || text[position + 1] != '$')
                break;
            position++;
        }

        var written = text[start..position];
        return written.Contains('$')
            ? new(TemplateVariable.Literal, written.Replace("$$", "$", StringComparison.Ordinal)) { Written = written }
            : new(TemplateVariable.Literal, written);
    }

    /// <summary>Group references have one digit, as in nginx; names are as long as possible.</summary>
    private static string VariableName(string text, int start, out int end)
    {
        if (start < text.Length && text[start] == '{')
        {
            var close = text.IndexOf('}', start);
            end = close < 0 ? text.Length : close + 1;
            return close < 0 ? "" : text[(start + 1)..close];
        }

        end = start;
        if (end < text.Length && char.IsAsciiDigit(text[end]))
            return text[start..++end];
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
            end++;
        return text[start..end];
    }

    private static TemplatePart? Find(string name) => name switch
    {
        [>= '1' and <= '9'] => new(TemplateVariable.Capture, name),
        "host" => new(TemplateVariable.Host, ""),
        "http_host" or "best_http_host" => new(TemplateVariable.HttpHost, ""),
        "request_uri" => new(TemplateVariable.RequestUri, ""),
        "escaped_request_uri" => new(TemplateVariable.EscapedRequestUri, ""),
        "uri" => new(TemplateVariable.Uri, ""),
        "scheme" or "pass_access_scheme" => new(TemplateVariable.Scheme, ""),
        "remote_addr" => new(TemplateVariable.RemoteAddr, ""),
        "remote_user" => new(TemplateVariable.RemoteUser, ""),
        "args" or "query_string" => new(TemplateVariable.Args, ""),
        "is_args" => new(TemplateVariable.IsArgs, ""),
        "request_method" => new(TemplateVariable.RequestMethod, ""),
        "server_name" => new(TemplateVariable.ServerName, ""),
        "server_port" => new(TemplateVariable.ServerPort, ""),
        "namespace" => new(TemplateVariable.Namespace, ""),
        "ingress_name" => new(TemplateVariable.IngressName, ""),
        "service_name" => new(TemplateVariable.ServiceName, ""),
        "service_port" => new(TemplateVariable.ServicePort, ""),
        "request_id" or "req_id" => new(TemplateVariable.RequestId, ""),
        ['h', 't', 't', 'p', '_', _, ..] => new(TemplateVariable.Header, name[5..].Replace('_', '-')),
        ['c', 'o', 'o', 'k', 'i', 'e', '_', _, ..] => new(TemplateVariable.Cookie, name[7..]),
        ['a', 'r', 'g', '_', _, ..] => new(TemplateVariable.Argument, name[4..]),
        _ => null,
    };
}

using System.Globalization;
using System.Text;
using IngressController.Http;
using IngressController.Routing.Table;

namespace IngressController.Pipeline;

/// <summary>Expands templates with the values of a request.</summary>
internal static class TemplateValues
{
    public static string Expand(ValueTemplate template, ProxyRequest request)
    {
        if (template.IsLiteral)
            return template.LiteralText;
        if (template.Parts.Count == 1)
            return Of(template.Parts[0], request);
        var text = new StringBuilder();
        foreach (var part in template.Parts)
            text.Append(Of(part, request));
        return text.ToString();
    }

    /// <summary>Expands the value of a header field: one line of Latin-1, in which control characters are blanks (RFC 9110, 5.5).</summary>
    public static string ExpandHeader(ValueTemplate template, ProxyRequest request)
    {
        if (template.IsLiteral)
            return template.LiteralText;
        var value = Expand(template, request);
        if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return value;
        // Names of users are decoded text; every other char is one byte as received.
        if (value.AsSpan().ContainsAnyExceptInRange('\0', '\xFF'))
            value = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));
        return string.Create(value.Length, value, static (line, text) =>
        {
            for (var i = 0; i < line.Length; i++)
                line[i] = char.IsControl(text[i]) && text[i] is < '\x80' ? ' ' : text[i];
        });
    }

    /// <summary>The Host header without port, in lower case.</summary>
    public static string HostName(HttpContext context) => HostName(context.Request.Headers.Host.ToString());

    public static string HostName(string host) => HostHeader.NameOf(host).ToString().ToLowerInvariant();

    /// <summary>The value of a piece. Values of a route are empty for requests without one.</summary>
    public static string Of(TemplatePart part, ProxyRequest proxied)
    {
        var (context, request, route) = (proxied.Context, proxied.Context.Request, proxied.MatchedRoute?.Definition);
        var backend = (route?.Action as RouteAction.Forward)?.Backend;
        return part.Variable switch
        {
            TemplateVariable.Literal => part.Name,
            TemplateVariable.Capture => proxied.Captures.Group(int.Parse(part.Name, CultureInfo.InvariantCulture)),
            TemplateVariable.Host => HostName(context),
            TemplateVariable.HttpHost => request.Headers.Host.ToString(),
            TemplateVariable.RequestUri => proxied.Target.PathAndQuery,
            TemplateVariable.EscapedRequestUri => Uri.EscapeDataString(proxied.Target.PathAndQuery),
            TemplateVariable.Uri => RequestPath.Encode(proxied.Path.ToString()),
            TemplateVariable.Scheme => request.Scheme,
            TemplateVariable.RemoteAddr => ForwardedHeaders.AddressText(context.Connection.RemoteIpAddress),
            TemplateVariable.RemoteUser => context.User.Identity?.Name ?? "",
            TemplateVariable.Header => request.Headers[part.Name].ToString(),
            TemplateVariable.Cookie => RequestCookies.Find(request.Headers.Cookie, part.Name).ToString(),
            TemplateVariable.Argument => Argument(proxied.Target.Query, part.Name),
            TemplateVariable.Args => proxied.Target.Query is [_, .. var args] ? args.ToString() : "",
            TemplateVariable.IsArgs => proxied.Target.Query.Length > 1 ? "?" : "",
            TemplateVariable.RequestMethod => request.Method,
            TemplateVariable.ServerName => proxied.MatchedRoute?.Host ?? "",
            TemplateVariable.ServerPort => HostHeader.PortOf(request.Headers.Host.ToString(), request.IsHttps),
            TemplateVariable.Namespace => route?.Origin.Ingress.Namespace ?? "",
            TemplateVariable.IngressName => route?.Origin.Ingress.Name ?? "",
            TemplateVariable.ServiceName => backend?.Service.Name ?? "",
            TemplateVariable.ServicePort => backend?.Port ?? "",
            TemplateVariable.RequestId => context.TraceIdentifier,
            _ => throw new ArgumentOutOfRangeException(nameof(part), part.Variable, "unknown variable"),
        };
    }

    /// <summary>The first parameter with a name (case-insensitive, as in nginx), not decoded.</summary>
    private static string Argument(ReadOnlySpan<char> query, string name)
    {
        var parameters = query.TrimStart('?');
        foreach (var range in parameters.Split('&'))
        {
            var pair = parameters[range];
            var equals = pair.IndexOf('=');
            if (equals >= 0 && pair[..equals].Equals(name, StringComparison.OrdinalIgnoreCase))
                return pair[(equals + 1)..].ToString();
        }

        return "";
    }
}

using System.Globalization;
using System.Text;
using IngressController.Http;
using IngressController.Routing.Expressions;
using IngressController.Routing.Table;

namespace IngressController.Pipeline;

/// <summary>Expands templates with the values of a request.</summary>
internal static class TemplateValues
{
    /// <param name="template">The template.</param>
    /// <param name="request">The request.</param>
    /// <param name="captures">The match of the path's regular expression, for its groups; without one, groups are empty.</param>
    public static string Expand(ValueTemplate template, ProxyRequest request, ExpressionMatch captures = default)
    {
        if (template.IsLiteral)
            return template.Parts.Count == 0 ? "" : template.Parts[0].Name;
        var text = new StringBuilder();
        foreach (var part in template.Parts)
            text.Append(Value(part, request, captures));
        return text.ToString();
    }

    /// <summary>Expands the location of a redirect: host and port are those that the client asked for, also behind a trusted proxy.</summary>
    public static string ExpandLocation(ValueTemplate template, ProxyRequest request, ExpressionMatch captures = default)
    {
        if (template.IsLiteral)
            return template.Parts.Count == 0 ? "" : template.Parts[0].Name;
        var text = new StringBuilder();
        foreach (var part in template.Parts)
        {
            text.Append(part.Variable switch
            {
                TemplateVariable.Host => NameOf(request.PublicHost),
                TemplateVariable.HttpHost => request.PublicHost,
                TemplateVariable.ServerPort => request.PublicPort,
                _ => Value(part, request, captures),
            });
        }

        return text.ToString();
    }

    /// <summary>The Host header without port, in lower case.</summary>
    public static string HostName(HttpContext context) => NameOf(context.Request.Headers.Host.ToString());

    private static string NameOf(string host) => HostHeader.NameOf(host).ToString().ToLowerInvariant();

    private static string Value(TemplatePart part, ProxyRequest proxied, ExpressionMatch captures)
    {
        var (context, request, route) = (proxied.Context, proxied.Context.Request, proxied.Route.Definition);
        var backend = (route.Action as RouteAction.Forward)?.Backend;
        return part.Variable switch
        {
            TemplateVariable.Literal => part.Name,
            TemplateVariable.Capture => captures.Group(int.Parse(part.Name, CultureInfo.InvariantCulture)),
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
            TemplateVariable.ServerName => proxied.Route.Host,
            TemplateVariable.ServerPort => HostHeader.PortOf(request.Headers.Host.ToString(), request.IsHttps),
            TemplateVariable.Namespace => route.Origin.Ingress.Namespace,
            TemplateVariable.IngressName => route.Origin.Ingress.Name,
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

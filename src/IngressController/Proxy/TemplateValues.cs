using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using IngressController.Routing.Table;

namespace IngressController.Proxy;

/// <summary>Puts the values of one request into a template.</summary>
internal static class TemplateValues
{
    /// <param name="template">The template.</param>
    /// <param name="context">The request.</param>
    /// <param name="route">Its route.</param>
    /// <param name="captures">The match of the path's regular expression, for groups; they are empty without one.</param>
    public static string Expand(ValueTemplate template, HttpContext context, ProxyRoute route, Match? captures = null)
    {
        if (template.IsLiteral)
            return template.Parts.Count == 0 ? "" : template.Parts[0].Name;
        var text = new StringBuilder();
        foreach (var part in template.Parts)
            text.Append(Value(part, context, route, captures));
        return text.ToString();
    }

    /// <summary>Path and query as they were received.</summary>
    public static string RequestUri(HttpContext context)
    {
        var path = RequestTarget.Split(context, out var query);
        return string.Concat(path, query);
    }

    /// <summary>The Host header without port, in lower case.</summary>
    public static string HostName(HttpContext context) => HostTable.TrimHost(context.Request.Headers.Host.ToString()).ToString().ToLowerInvariant();

    private static string Value(TemplatePart part, HttpContext context, ProxyRoute route, Match? captures)
    {
        var request = context.Request;
        var backend = (route.Definition.Action as RouteAction.Forward)?.Backend;
        return part.Variable switch
        {
            TemplateVariable.Literal => part.Name,
            TemplateVariable.Capture => captures?.Groups[int.Parse(part.Name, CultureInfo.InvariantCulture)].Value ?? "",
            TemplateVariable.Host => HostName(context),
            TemplateVariable.HttpHost => request.Headers.Host.ToString(),
            TemplateVariable.RequestUri => RequestUri(context),
            TemplateVariable.EscapedRequestUri => Uri.EscapeDataString(RequestUri(context)),
            TemplateVariable.Uri => RequestPath.Encode(RequestPath.Normalize(RequestTarget.Split(context, out _)).Match.ToString()),
            TemplateVariable.Scheme => request.Scheme,
            TemplateVariable.RemoteAddr => ForwardTransformer.ClientAddress(context.Connection.RemoteIpAddress),
            TemplateVariable.RemoteUser => context.User.Identity?.Name ?? "",
            TemplateVariable.Header => request.Headers[part.Name].ToString(),
            TemplateVariable.Cookie => RequestCookies.Find(request.Headers.Cookie, part.Name).ToString(),
            TemplateVariable.Argument => Argument(context, part.Name),
            TemplateVariable.Args => Query(context) is [_, .. var args] ? args : "",
            TemplateVariable.IsArgs => Query(context).Length > 1 ? "?" : "",
            TemplateVariable.RequestMethod => request.Method,
            TemplateVariable.ServerName => route.Host,
            TemplateVariable.ServerPort => ForwardTransformer.Port(request.Headers.Host.ToString(), request.IsHttps),
            TemplateVariable.Namespace => route.Definition.Origin.Ingress.Namespace,
            TemplateVariable.IngressName => route.Definition.Origin.Ingress.Name,
            TemplateVariable.ServiceName => backend?.Service.Name ?? "",
            TemplateVariable.ServicePort => backend?.Port ?? "",
            TemplateVariable.RequestId => context.TraceIdentifier,
            _ => throw new ArgumentOutOfRangeException(nameof(part), part.Variable, "a variable without a value"),
        };
    }

    private static string Query(HttpContext context)
    {
        RequestTarget.Split(context, out var query);
        return query.ToString();
    }

    /// <summary>The first parameter of a name (without regard to case, as in nginx), not decoded.</summary>
    private static string Argument(HttpContext context, string name)
    {
        RequestTarget.Split(context, out var query);
        foreach (var range in query.TrimStart('?').Split('&'))
        {
            var pair = query.TrimStart('?')[range];
            var equals = pair.IndexOf('=');
            if (equals >= 0 && pair[..equals].Equals(name, StringComparison.OrdinalIgnoreCase))
                return pair[(equals + 1)..].ToString();
        }

        return "";
    }
}

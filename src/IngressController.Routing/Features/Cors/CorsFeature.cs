using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Cors;

/// <summary>The other sites that can read responses in a browser.</summary>
public static class CorsFeature
{
    private const string DefaultMethods = "GET, PUT, POST, DELETE, PATCH, OPTIONS";

    private const string DefaultHeaders =
        "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";

    private const int DefaultMaxAge = 1_728_000;

    private static readonly ValueForm<string> Names = new("a comma-separated list of names, or *", text =>
    {
        foreach (var range in text.AsSpan().Split(','))
        {
            var name = text.AsSpan()[range].Trim();
            if (!name.IsEmpty && !HttpToken.IsToken(name))
                return ValueForm<string>.Refuse($"contains \"{DiagnosticText.Shorten(name.ToString())}\", which is not a valid name");
        }

        return text;
    });

    public static AnnotationKey<bool> EnableCors { get; } = new()
    {
        Name = "enable-cors",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "Lets other sites read the responses of the Ingress's paths in a browser. Every response to an allowed origin, errors "
            + "included, carries the CORS headers in place of the backend's. Every OPTIONS request from an allowed origin is answered 204 at once, "
            + "before redirects, limits and authentication. Other origins get no CORS headers from the proxy, and their requests go on to the "
            + "backend.",
    };

    public static AnnotationKey<EquatableArray<string>> AllowOrigin { get; } = new()
    {
        Name = "cors-allow-origin",
        Difference = "Responses to a named origin carry Vary: Origin.",
        Form = ValueForms.List,
        Default = "*",
        WhenInvalid = "no origin is allowed",
        Documentation = "The allowed origins, separated by commas: scheme://host[:port], scheme://*.domain[:port] for names one label below a domain, "
            + "null, or * for any. Any scheme is accepted, case is ignored, and a port must be the one that the browser sends. An invalid "
            + "origin is ignored; if none is left, no origin is allowed. With * and credentials, browsers hide "
            + "responses to requests with cookies, so name the origins then. Responses to a named origin carry Vary: Origin.",
    };

    public static AnnotationKey<string> AllowMethods { get; } = new()
    {
        Name = "cors-allow-methods",
        Form = Names,
        Default = DefaultMethods,
        Documentation = "The methods that other sites may use: the value of Access-Control-Allow-Methods.",
    };

    public static AnnotationKey<string> AllowHeaders { get; } = new()
    {
        Name = "cors-allow-headers",
        Form = Names,
        Default = DefaultHeaders,
        Documentation = "The request headers that other sites may send: the value of Access-Control-Allow-Headers.",
    };

    public static AnnotationKey<string> ExposeHeaders { get; } = new()
    {
        Name = "cors-expose-headers",
        Form = Names,
        Documentation = "The response headers that other sites may read: the value of Access-Control-Expose-Headers. If it is not set, the backend's "
            + "own value stays.",
    };

    public static AnnotationKey<bool> AllowCredentials { get; } = new()
    {
        Name = "cors-allow-credentials",
        Form = ValueForms.Boolean,
        Default = "true",
        WhenInvalid = "it is false",
        Documentation = "Lets other sites send cookies and credentials; false also removes the backend's Access-Control-Allow-Credentials.",
    };

    public static AnnotationKey<int> MaxAge { get; } = new()
    {
        Name = "cors-max-age",
        Form = ValueForms.Integer(-1),
        Default = "1728000",
        Documentation = "The time, in seconds, for which a browser may cache the response to an OPTIONS request: the value of Access-Control-Max-Age. "
            + "Browsers have limits of their own, and -1 disables caching.",
    };

    public static RouteFeature Feature { get; } = new(
        "CORS", [EnableCors, AllowOrigin, AllowMethods, AllowHeaders, ExposeHeaders, AllowCredentials, MaxAge], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (annotations.IsEmpty)
            yield break;
        if (!annotations.Read(EnableCors, false))
        {
            foreach (var key in Feature.Keys.Where(key => key != EnableCors && annotations.IsSet(key)))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "enable-cors is not \"true\""));
            yield break;
        }

        yield return new CorsPolicy(
            ReadOrigins(annotations),
            annotations.Read(AllowMethods, DefaultMethods),
            annotations.Read(AllowHeaders, DefaultHeaders),
            annotations.TryRead(ExposeHeaders, out var exposed) ? exposed : null,
            // An invalid value was hardly meant to be the default.
            annotations.TryRead(AllowCredentials, out var credentials) ? credentials : !annotations.IsSet(AllowCredentials),
            annotations.Read(MaxAge, DefaultMaxAge));
    }

    /// <summary>Null means any origin. Invalid origins allow no one: the default would open the route to every site.</summary>
    private static EquatableArray<CorsOrigin>? ReadOrigins(AnnotationReader annotations)
    {
        if (!annotations.IsSet(AllowOrigin))
            return null;
        if (!annotations.TryRead(AllowOrigin, out var texts))
            return [];
        if (texts.Contains("*"))
            return null;
        var origins = new List<CorsOrigin>();
        foreach (var text in texts)
        {
            if (CorsOrigin.Parse(text) is { Problem: { } problem })
                annotations.Report(AllowOrigin, (ingress, field) => DiagnosticCatalog.AnnotationInvalid(ingress, field, text, problem, closes: false, otherwise: null));
            else
                origins.Add(new CorsOrigin(text));
        }

        if (origins.Count == 0)
            annotations.Report(AllowOrigin, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "it has no valid origin, so no origin is allowed"));
        return [.. origins];
    }
}

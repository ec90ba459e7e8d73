using System.Globalization;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Cors;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.Cors;

/// <summary>
/// Sets the CORS headers of every response to an allowed origin, in place of the backend's. Responses to other origins keep the headers of
/// the backend, which can allow more origins.
/// </summary>
internal sealed class CorsHeaders(CorsPolicy policy) : ResponseChange
{
    private static readonly StringValues Any = "*";
    private static readonly StringValues True = "true";

    private readonly StringValues _methods = policy.Methods;
    private readonly StringValues _headers = policy.Headers;
    private readonly StringValues _exposed = policy.ExposedHeaders;
    private readonly StringValues _maxAge = policy.MaxAge.ToString(CultureInfo.InvariantCulture);

    public static CorsHeaders? Create(PlanContext context) => context.Policy<CorsPolicy>() is { } policy ? new CorsHeaders(policy) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var (received, headers) = (request.Context.Request, request.Context.Response.Headers);
        // Also without further headers: a cache must not serve this response to another origin (Fetch, "CORS protocol and HTTP caches").
        if (!policy.AllowsAnyOrigin)
            VaryField.Add(headers, HeaderNames.Origin);
        var origin = received.Headers.Origin;
        if (!policy.Allows(origin.ToString()))
            return;

        headers.AccessControlAllowOrigin = policy.AllowsAnyOrigin ? Any : origin;
        headers.AccessControlAllowMethods = _methods;
        headers.AccessControlAllowHeaders = _headers;
        headers.AccessControlMaxAge = _maxAge;
        if (policy.ExposedHeaders is not null)
            headers.AccessControlExposeHeaders = _exposed;
        if (policy.AllowsCredentials)
            headers.AccessControlAllowCredentials = True;
        else
            headers.Remove(HeaderNames.AccessControlAllowCredentials);
    }
}

using System.Net;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.Rewriting;
using IngressController.Upstream;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// Creates the requests of a route to its authentication service: with the headers of the client and those that ingress-nginx adds, without
/// a body.
/// </summary>
internal sealed class ExternalAuthRequest
{
    private static readonly UriCreationOptions AsReceived = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>The headers that only the proxy sets; those of the client are not copied.</summary>
    private static readonly string[] ReservedNames =
        ["X-Original-URL", "X-Original-Method", "X-Original-URI", "X-Sent-From", "X-Auth-Request-Redirect", "X-Scheme", "Expect"];

    private readonly ExternalAuthPolicy _policy;
    private readonly HttpMethod _method;
    private readonly HeaderNameSet _reserved;
    private readonly bool _followsClient;

    public ExternalAuthRequest(ExternalAuthPolicy policy)
    {
        _policy = policy;
        _followsClient = policy.Url.Host.Parts.Any(part => part.Variable == TemplateVariable.Host);
        _method = new HttpMethod(policy.Method ?? "GET");
        _reserved = new HeaderNameSet(ReservedNames.Concat(policy.RequestHeaders.Select(header => header.Name)));
    }

    /// <summary>Creates the request to the service. Returns null if its URL cannot be built for the client's request.</summary>
    /// <param name="request">The client's request.</param>
    /// <param name="isHttps">True if the connection to the service uses TLS.</param>
    public HttpRequestMessage? Create(ProxyRequest request, out bool isHttps)
    {
        isHttps = TemplateValues.Expand(_policy.Url.Scheme, request) == "https";
        var host = TemplateValues.Expand(_policy.Url.Host, request);
        if (_followsClient && !IsNamedByItsIngress(TemplateValues.HostName(request.Context), request.Route))
            return null;
        if (Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6))
            return null;
        var port = _policy.Url.Port ?? (isHttps ? 443 : 80);
        var target = UrlText.Escape(TemplateValues.Expand(_policy.Url.Target, request), keepsFragment: false);
        if (target is not ['/', ..])
            target = $"/{target}";

        if (!Uri.TryCreate($"http://{TenantHttp.FullyQualified(host)}:{port}{target}", AsReceived, out var uri))
            return null;
        var message = new HttpRequestMessage(_method, uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        CopyHeaders(request.Context, message);
        message.Headers.TryAddWithoutValidation("Host", host.TrimEnd('.'));
        // The HTTP client would send one of its own beside it.
        if (message.Headers.Host is null)
            return null;
        AddHeaders(request, message);
        return message;
    }

    /// <summary>
    /// True if the route's own Ingress declares the name. Other Ingresses of the host can add any alias, and a pattern matches any name:
    /// these must not choose the authentication service.
    /// </summary>
    private static bool IsNamedByItsIngress(string host, ProxyRoute route) =>
        IsName(route.Host, host) || (route.Definition.Policies.Get<ServerAliasPolicy>() is { } alias && alias.Names.Any(name => IsName(name, host)));

    private static bool IsName(string name, string host) =>
        name.StartsWith("*.", StringComparison.Ordinal) ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase) : name.Equals(host, StringComparison.OrdinalIgnoreCase);

    private void CopyHeaders(HttpContext context, HttpRequestMessage request)
    {
        var incoming = context.Request.Headers;
        foreach (var (name, values) in incoming)
        {
            if (!ForwardedHeaders.IsForwarded(name, incoming.Connection) || _reserved.Contains(name)
                || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                continue;
            if (request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                continue;
            // Content headers such as Content-Type are sent without the body: the service can use them.
            request.Content ??= HeadersOnlyContent.Suits(_method) ? new HeadersOnlyContent() : new ByteArrayContent([]);
            request.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
    }

    private void AddHeaders(ProxyRequest request, HttpRequestMessage message)
    {
        var (context, target) = (request.Context, request.Target.PathAndQuery);
        var client = ForwardedHeaders.AddressText(context.Connection.RemoteIpAddress);
        // CONNECT is the WebSocket of an HTTP/2 client; the backend receives it as GET.
        var method = HttpMethods.IsConnect(context.Request.Method) ? "GET" : context.Request.Method;
        // Host, not X-Forwarded-Host: the service decides about the host that is served.
        Add("X-Original-URL", $"{context.Request.Scheme}://{context.Request.Headers.Host}{target}");
        Add("X-Original-Method", method);
        Add("X-Sent-From", "nginx-ingress-controller");
        Add("X-Real-IP", client);
        Add("X-Forwarded-For", client);
        Add("X-Auth-Request-Redirect", _policy.RequestRedirect is { } redirect ? TemplateValues.ExpandHeader(redirect, request) : target);
        Add("X-Request-ID", context.TraceIdentifier);
        if (_policy.Method is not null)
        {
            Add("X-Original-URI", target);
            Add("X-Scheme", context.Request.Scheme);
        }

        // Appended to the values of previous proxies: a service behind this proxy can be protected by itself, which is a loop.
        message.Headers.TryAddWithoutValidation(LoopGuard.Header, LoopGuard.CdnId);
        foreach (var header in _policy.RequestHeaders)
        {
            message.Headers.Remove(header.Name);
            if (TemplateValues.ExpandHeader(header.Value, request) is { Length: > 0 } value)
                Add(header.Name, value);
        }

        void Add(string name, string value) => message.Headers.TryAddWithoutValidation(name, value);
    }
}

using System.Net;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Features.Rewriting;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// How a route asks its authentication service about a request: with the client's headers, without its body, and with what
/// ingress-nginx tells besides.
/// </summary>
internal sealed class ExternalAuthRequest
{
    private static readonly UriCreationOptions AsReceived = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>What is told by this proxy alone; a client that sends one of these is not believed.</summary>
    private static readonly string[] OwnNames =
        ["X-Original-URL", "X-Original-Method", "X-Original-URI", "X-Sent-From", "X-Auth-Request-Redirect", "X-Scheme", "Expect"];

    private readonly ExternalAuthPolicy _policy;
    private readonly HttpMethod _method;
    private readonly HeaderNameSet _own;
    private readonly bool _followsClient;

    public ExternalAuthRequest(ExternalAuthPolicy policy)
    {
        _policy = policy;
        _followsClient = policy.Url.Host.Parts.Any(part => part.Variable == TemplateVariable.Host);
        _method = new HttpMethod(policy.Method ?? "GET");
        _own = new HeaderNameSet(OwnNames.Concat(policy.RequestHeaders.Select(header => header.Name)));
    }

    /// <summary>The request for the service, and whether its connection is by TLS; null when its URL cannot be made of this request.</summary>
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

        // The connection is made by TLS where it has to be; the client itself would do so by the scheme.
        if (!Uri.TryCreate($"http://{Absolute(host)}:{port}{target}", AsReceived, out var uri))
            return null;
        var message = new HttpRequestMessage(_method, uri)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        CopyHeaders(request.Context, message);
        message.Headers.Host = host.TrimEnd('.');
        AddHeaders(request, message);
        return message;
    }

    /// <summary>
    /// Whether the Ingress itself says that it is served under a name. Another Ingress of the host may give it any alias, a pattern any name:
    /// they must not choose the service that decides.
    /// </summary>
    private static bool IsNamedByItsIngress(string host, ProxyRoute route) =>
        IsName(route.Host, host) || (route.Definition.Policies.Get<ServerAliasPolicy>() is { } alias && alias.Names.Any(name => IsName(name, host)));

    private static bool IsName(string name, string host) =>
        name.StartsWith("*.", StringComparison.Ordinal) ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase) : name.Equals(host, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Names are absolute: the search domains of the controller's Pod would let whoever may create a Service <c>example</c> in a namespace
    /// <c>com</c> answer for example.com. Only those of Services are completed, by the cluster's domain.
    /// </summary>
    private static string Absolute(string host) =>
        host.EndsWith('.') || host.EndsWith(".svc", StringComparison.OrdinalIgnoreCase) || Uri.CheckHostName(host) != UriHostNameType.Dns ? host : $"{host}.";

    private void CopyHeaders(HttpContext context, HttpRequestMessage request)
    {
        var incoming = context.Request.Headers;
        foreach (var (name, values) in incoming)
        {
            if (!ForwardedHeaders.IsForwarded(name, incoming.Connection) || _own.Contains(name)
                || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                continue;
            if (request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                continue;
            // Headers of a body that is not sent, such as Content-Type: the service may decide by them.
            request.Content ??= new ByteArrayContent([]);
            request.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
    }

    private void AddHeaders(ProxyRequest request, HttpRequestMessage message)
    {
        var (context, target) = (request.Context, request.Target.PathAndQuery);
        var client = ForwardedHeaders.AddressText(context.Connection.RemoteIpAddress);
        // CONNECT is here the WebSocket of an HTTP/2 client, which the backend gets as GET.
        var method = HttpMethods.IsConnect(context.Request.Method) ? "GET" : context.Request.Method;
        Add("X-Original-URL", $"{context.Request.Scheme}://{context.Request.Headers.Host}{target}");
        Add("X-Original-Method", method);
        Add("X-Sent-From", "nginx-ingress-controller");
        Add("X-Real-IP", client);
        Add("X-Forwarded-For", client);
        Add("X-Auth-Request-Redirect", _policy.RequestRedirect is { } redirect ? TemplateValues.Expand(redirect, request) : target);
        Add("X-Request-ID", context.TraceIdentifier);
        if (_policy.Method is not null)
        {
            Add("X-Original-URI", target);
            Add("X-Scheme", context.Request.Scheme);
        }

        // After the marks of those who had the request before: a service behind this proxy may be protected by itself.
        message.Headers.TryAddWithoutValidation(LoopGuard.Header, LoopGuard.CdnId);
        foreach (var header in _policy.RequestHeaders)
        {
            message.Headers.Remove(header.Name);
            if (TemplateValues.Expand(header.Value, request) is { Length: > 0 } value)
                Add(header.Name, value);
        }

        void Add(string name, string value) => message.Headers.TryAddWithoutValidation(name, value);
    }
}

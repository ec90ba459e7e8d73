using static IngressController.Routing.Annotations.AnnotationSupport;

namespace IngressController.Routing.Annotations;

/// <summary>Known annotations without effect: not yet supported, or never.</summary>
internal static class ForeignAnnotations
{
    private const string Snippet =
        "use annotations instead, such as request-headers, response-headers, permanent-redirect, allowlist-source-range or auth-url. Raw nginx "
        + "configuration is never executed";

    private const string Waf = "run a web application firewall in front of the controller or in the application";

    private const string ConnectTimeout = "the option --proxy-connect-timeout (5 s unless set)";

    private const string ReadTimeout = "the option --proxy-read-timeout (60 s unless set)";

    public static IReadOnlyList<AnnotationGroup> Groups { get; } =
    [
        new("Not yet supported",
        [
            .. NotYet(
                ("affinity-canary-behavior", "The affinity of canaries: sticky or legacy.", "header, cookie and weight choose the canary for each request, and the affinity cookie applies to the main backend only"),
                ("session-affinity", "Session affinity in the format of YARP's configuration.", "no affinity cookie is set: use affinity"),
                ("health-check", "YARP's active and passive health checks.", "the readiness of the Pods decides which endpoints get requests"),
                ("http-client", "YARP's settings of the HTTP client for the backend.", $"{ConnectTimeout} and {ReadTimeout} apply"),
                ("http-request", "YARP's settings of requests to the backend.", $"{ReadTimeout} applies, and the protocol is that of backend-protocol"),
                ("timeout-policy", "A named timeout.", "a request has the time limits of the annotations and settings; use request-timeout"),
                ("proxy-http-version", "The HTTP version of requests to the backend.", "requests use HTTP/1.1, or HTTP/2 for gRPC (backend-protocol)"),
                ("mirror-target", "The URL that gets a copy of each request.", "no copy is sent"),
                ("mirror-host", "The Host of the copy.", "no copy is sent"),
                ("mirror-request-body", "Sends the body with the copy.", "no copy is sent"),
                ("auth-tls-verify-client", "Requires a client certificate. With off, which is possible already, none is requested.", "no client certificate is requested"),
                ("auth-tls-verify-depth", "The maximum length of the client's certificate chain.", "no client certificate is requested"),
                ("auth-tls-error-page", "The page for clients without a certificate.", "no client certificate is requested"),
                ("auth-tls-pass-certificate-to-upstream", "Passes the client certificate to the backend.", "no client certificate is requested"),
                ("enable-access-log", "Logs requests.", "requests are counted by the metrics only"),
                ("enable-opentelemetry", "Traces requests.", "requests are not traced"),
                ("opentelemetry-trust-incoming-span", "Continues the client's trace.", "requests are not traced"),
                ("opentelemetry-operation-name", "The name of the span.", "requests are not traced"),
                ("ssl-passthrough", "Passes TLS through to the backend without terminating it.", "the proxy terminates TLS, with the certificate of the host"),
                ("ssl-ciphers", "The TLS ciphers for clients of the host.", "clients use TLS 1.2 or 1.3 with the ciphers of .NET and OpenSSL")),
            // They control access, so they fail closed until they are supported.
            .. Closing(
                ("auth-tls-secret", "The CA whose client certificates are allowed. Until it is supported, the paths of the Ingress answer 503 unless `auth-tls-verify-client` is off."),
                ("auth-tls-match-cn", "The subjects of client certificates that are allowed. Until it is supported, the paths of the Ingress answer 503.")),
        ]),
        new("Without effect", NoOps(
            ("proxy-request-buffering", "Request bodies are streamed to the backend."),
            ("proxy-buffering", "Responses are streamed to the client."),
            ("proxy-buffer-size", "There is no such buffer; response headers are limited to 64 KiB."),
            ("proxy-buffers-number", "There are no such buffers."),
            ("proxy-busy-buffers-size", "There are no such buffers."),
            ("proxy-max-temp-file-size", "Nothing is written to files."),
            ("client-body-buffer-size", "Bodies are not buffered."),
            ("connection-proxy-header", "The proxy manages connections to endpoints itself."),
            ("auth-keepalive", "Connections to the authentication service are always reused."),
            ("auth-keepalive-requests", "Connections to the authentication service are always reused."),
            ("auth-keepalive-timeout", "Connections to the authentication service are always reused."),
            ("auth-keepalive-share-vars", "Connections to the authentication service are always reused."),
            ("ssl-prefer-server-ciphers", "Only TLS 1.2 and 1.3 with strong ciphers are enabled, so the order does not matter."),
            ("enable-rewrite-log", "Use explain to see how a request is rewritten."),
            ("http2-push-preload", "Browsers have dropped HTTP/2 push."))),
        new("Not supported",
        [
            .. Never(Snippet, "configuration-snippet", "server-snippet", "stream-snippet", "auth-snippet"),
            .. Never(Waf, "modsecurity-snippet", "enable-modsecurity", "enable-owasp-core-rules", "modsecurity-transaction-id"),
            .. Never("put an HTTP server in front of the FastCGI application", "fastcgi-index", "fastcgi-params-configmap"),
        ]),
        FormerAnnotations.Group,
    ];

    /// <summary>True if a raw piece of nginx configuration may control access: ignoring it is reported as an error.</summary>
    public static bool MayProtect(string snippet) =>
        ((string[])["deny ", "allow ", "auth_", "return 401", "return 403", "return 444", "satisfy ", "limit_req", "limit_conn", "SecRule", "ssl_verify"])
        .Any(word => snippet.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<AnnotationKey> NotYet(params (string Name, string Documentation, string Meanwhile)[] keys) =>
        keys.Select(key => Key(key.Name, $"{key.Documentation} Until it is supported, {key.Meanwhile}.", new NotYet(key.Meanwhile)));

    private static IEnumerable<AnnotationKey> Closing(params (string Name, string Documentation)[] keys) =>
        keys.Select(key => Key(key.Name, key.Documentation, new NotYet("its paths answer 503")) with { OnBadValue = OnBadValue.CloseRoute });

    private static IReadOnlyList<AnnotationKey> NoOps(params (string Name, string Why)[] keys) =>
        [.. keys.Select(key => Key(key.Name, key.Why, new NoOp(key.Why)))];

    private static IEnumerable<AnnotationKey> Never(string instead, params string[] names) =>
        names.Select(name => Key(name, $"Not supported; {instead}.", new Never(instead)));

    internal static AnnotationKey<string> Key(string name, string documentation, AnnotationSupport support) => new()
    {
        Name = name,
        Documentation = documentation,
        Support = support,
        Form = ValueForms.Text with { AllowsLines = true },
    };
}
